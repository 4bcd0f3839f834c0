//! The MCP server: tools and resources, the same on every transport.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CancelTaskParams, GetTaskParams, GetTaskResult,
    Implementation, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities,
    ServerConfig, Tool, UpdateTaskParams,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};

use super::args::OutputForm;
use super::caller::ToolCaller;
use super::check::check;
use super::context::ToolContext;
use super::deferred::DeferredImages;
use super::list::{TOOLS, definitions};
use super::reply;
use super::show::ReplyOptions;
use super::soft_deadline::SoftDeadline;
use super::{resources, tasks};
use crate::codec::PreviewBudget;
use crate::jobs::Manager;

/// What an agent needs to know before its first call. Under 1,000 characters.
const INSTRUCTIONS: &str = "\
Draws images: generate_image from a prompt, edit_image from images and a prompt, inpaint_image \
repaints a marked part, get_image shows a stored image or waits for one, free of charge. \
Leave out model and the other controls unless the user wants them: a plain prompt goes to a \
flat-price model ($0.03); exact sizes, 2K and 4K, quality, format, transparency and masks go to \
the exact model ($0.006 to $0.40). A call takes 30 to 300 s; a slow one answers with a job id \
for get_image. Never repeat a call because it is slow: every call is charged. \
dry_run shows model, size and price first; max_cost_usd caps the price. ";

/// Where images are, for a server on the caller's machine.
const LOCAL: &str = "\
Every result gives the saved file and an id; pass that id as an image to edit the image \
further. Images shown in the chat do not reach this server: pass a file path, an https URL or \
an id.";

/// Where images are, for a server that is reached over HTTP.
const REMOTE: &str = "\
Every result gives an id and the url of the whole image; pass that id as an image to edit it \
further. Your files do not reach this server: POST the bytes of an image to /images for an id, \
or pass an https or data URL.";

/// Lists of tools may be cached for an hour; they change only with the settings.
const TOOLS_TTL_MS: u64 = 3_600_000;

/// Cheap to clone; one for each connection.
#[derive(Clone, Debug)]
pub struct ImageServer(Arc<ServerState>);

#[derive(Debug)]
struct ServerState {
    context: ToolContext,
    /// Whether callers are on other machines.
    remote: bool,
    /// Made on the first request: a client may start the process and never list the tools.
    tools: OnceLock<Vec<Tool>>,
}

impl ImageServer {
    /// A server over this manager.
    #[must_use]
    pub fn new(manager: Manager, options: ReplyOptions, soft_deadline: SoftDeadline) -> Self {
        Self::over(ToolContext { manager, options, soft_deadline }, false)
    }

    /// The same server, for callers on other machines.
    #[must_use]
    pub fn for_remote_callers(&self) -> Self {
        Self::over(self.0.context.clone(), true)
    }

    fn over(context: ToolContext, remote: bool) -> Self {
        Self(Arc::new(ServerState { context, remote, tools: OnceLock::new() }))
    }

    fn tools(&self) -> &[Tool] {
        self.0.tools.get_or_init(|| definitions(self.0.context.manager.catalog()))
    }

    /// The form in which images come back to a call that asks for this one.
    #[must_use]
    pub fn form(&self, asked: Option<OutputForm>) -> OutputForm {
        asked.unwrap_or(self.0.context.options.output)
    }

    /// The limits of a preview.
    #[must_use]
    pub fn preview_budget(&self) -> PreviewBudget {
        self.0.context.options.preview
    }
}

impl ServerHandler for ImageServer {
    fn get_info(&self) -> ServerConfig {
        let capabilities =
            ServerCapabilities::builder().enable_tools().enable_resources().enable_tasks().build();
        // rmcp would give its own name and version.
        let ours = Implementation::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
            .with_title("Image generation")
            .with_description(env!("CARGO_PKG_DESCRIPTION"));
        let images = if self.0.remote { REMOTE } else { LOCAL };
        let instructions = format!("{INSTRUCTIONS}{images}");
        ServerConfig::new(capabilities).with_server_info(ours).with_instructions(instructions)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let list = ListToolsResult::with_all_items(self.tools().to_vec());
        Ok(list.with_ttl_ms(TOOLS_TTL_MS).with_cache_scope(CacheScope::Public))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.tools().iter().find(|tool| tool.name == name).cloned()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let unknown = || ErrorData::invalid_params(format!("there is no tool {:?}", request.name), None);
        let entry = TOOLS.iter().find(|entry| entry.name == request.name).ok_or_else(unknown)?;
        let tool = self.get_tool(entry.name).ok_or_else(unknown)?;
        let (caller, started) = (ToolCaller::of(&context), Instant::now());
        let answer = match check(entry.name, &tool.input_schema, request.arguments.unwrap_or_default()) {
            Ok(arguments) => (entry.call)(&self.0.context, arguments, context).await,
            Err(problems) => reply::problems(&problems).into(),
        };
        let failed = matches!(&answer, CallToolResponse::Complete(result) if result.is_error == Some(true));
        tracing::info!(
            request_id = &*caller.request_id,
            owner = caller.owner.name,
            tool = entry.name,
            failed,
            milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "call"
        );
        Ok(answer)
    }

    async fn list_resources(
        &self,
        page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let owner = ToolCaller::of(&context).owner.name;
        let cursor = page.and_then(|page| page.cursor);
        resources::list(self.0.context.manager.store(), &owner, cursor.as_deref()).await
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(resources::templates()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let owner = ToolCaller::of(&context).owner.name;
        let deferred = context.extensions.get::<DeferredImages>();
        Ok(resources::read(self.0.context.manager.store(), &request.uri, &owner, deferred).await?.into())
    }

    async fn get_task(
        &self,
        request: GetTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        // Boxed: the future of every request would otherwise reserve space for this one.
        Box::pin(tasks::get(&self.0.context, &request.task_id, &context)).await
    }

    async fn update_task(
        &self,
        request: UpdateTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        tasks::exists(&self.0.context, &request.task_id, &context).await
    }

    async fn cancel_task(
        &self,
        request: CancelTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        tasks::exists(&self.0.context, &request.task_id, &context).await
    }
}
