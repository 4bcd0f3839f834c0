//! Other people's servers, each as the few lines of a settings file that bring it in.

use super::model;
use crate::catalog::{Auth, Catalog, MaskKind, Price, Sizes};
use crate::domain::{Operation, Pixels, Quality, Tier};

#[test]
fn azure_v1_is_a_provider_and_a_model_of_three_lines() {
    let user = "\
[[provider]]
id = \"azure\"
base_url = \"https://example.openai.azure.com/openai/v1/\"
key_variables = [\"AZURE_OPENAI_API_KEY\"]
auth = { header = \"api-key\" }
[[model]]
provider = \"azure\"
id = \"my-deployment\"
like = \"openai/gpt-image-2\"
";
    let catalog = Catalog::with_user(user).unwrap();
    let azure = catalog.provider("azure").unwrap();
    assert_eq!(azure.base_url, "https://example.openai.azure.com/openai/v1");
    assert_eq!(azure.auth, Auth::Header("api-key".to_owned()));
    assert!(azure.send_model);
    let model = model(&catalog, "azure", "my-deployment");
    assert_eq!(model.wire_id, "my-deployment");
    assert_eq!(model.key_variables, ["AZURE_OPENAI_API_KEY"]);
    assert_eq!(model.mask, Some(MaskKind::Alpha));
    assert!(model.auto, "it answers to auto as the model it is like");
}

#[test]
fn azures_dated_surface_names_the_deployment_in_the_path_only() {
    let user = "\
[[provider]]
id = \"azure\"
base_url = \"https://example.openai.azure.com/openai\"
key_variables = [\"AZURE_OPENAI_API_KEY\"]
auth = { header = \"api-key\" }
send_model = false
[provider.paths]
generations = \"/deployments/{model}/images/generations?api-version=2025-04-01-preview\"
edits = \"/deployments/{model}/images/edits?api-version=2025-04-01-preview\"
[[model]]
provider = \"azure\"
id = \"gpt-image-2\"
wire_id = \"draw\"
like = \"openai/gpt-image-2\"
";
    let catalog = Catalog::with_user(user).unwrap();
    let azure = catalog.provider("azure").unwrap();
    assert!(!azure.send_model);
    assert_eq!(azure.paths.edits, "/deployments/{model}/images/edits?api-version=2025-04-01-preview");
    assert_eq!(azure.paths.chat, "/chat/completions");
    assert_eq!(model(&catalog, "azure", "gpt-image-2").wire_id, "draw");
    assert_eq!(catalog.named(None, "gpt-image-2").count(), 3, "the same model at three providers");
}

#[test]
fn stable_diffusion_cpp_takes_any_size_and_can_come_first() {
    let user = "\
[[provider]]
id = \"sdcpp\"
base_url = \"http://127.0.0.1:1234/v1\"
auth = \"none\"
[[model]]
provider = \"sdcpp\"
id = \"sd-cpp-local\"
operations = [\"generate\", \"edit\", \"inpaint\"]
mask = \"white\"
sizes = { free = { longest_edge = 2048, step = 64 } }
formats = [\"png\", \"jpeg\"]
most_images = 4
price = \"free\"
timeouts = { auto = 900 }
rank = 1
auto = true
";
    let catalog = Catalog::with_user(user).unwrap();
    let first = &catalog.models[0];
    assert_eq!(first.name.to_string(), "sdcpp/sd-cpp-local");
    assert!(matches!(first.sizes, Sizes::Free(free) if free.step == 64));
    assert_eq!((first.mask, &first.price), (Some(MaskKind::White), &Price::Free));
    assert!(first.key_variables.is_empty());
    assert_eq!(first.timeout_seconds(Quality::High), 900);
    assert_eq!(catalog.provider("sdcpp").unwrap().auth, Auth::None);
}

#[test]
fn vllm_omni_may_serve_a_model_whose_id_holds_a_slash() {
    let user = "\
[[provider]]
id = \"omni\"
base_url = \"http://127.0.0.1:8000/v1\"
key_variables = \"VLLM_API_KEY\"
[[model]]
provider = \"omni\"
id = \"Qwen/Qwen-Image\"
operations = [\"generate\", \"edit\"]
sizes = { presets = { 1K = [\"1328x1328\", \"1664x928\"] } }
image_field = \"repeated\"
response_format = \"b64_json\"
price = \"free\"
";
    let catalog = Catalog::with_user(user).unwrap();
    let model = catalog.named(Some("Qwen"), "Qwen-Image").next().unwrap();
    assert_eq!(model.name.to_string(), "omni/Qwen/Qwen-Image");
    assert_eq!(catalog.named(Some("omni"), "Qwen/Qwen-Image").count(), 1);
    assert_eq!(model.key_variables, ["VLLM_API_KEY"]);
    let Sizes::Presets(presets) = &model.sizes else { panic!("{:?}", model.sizes) };
    assert_eq!(presets[&Tier::OneK], [Pixels::new(1328, 1328), Pixels::new(1664, 928)]);
    assert_eq!(model.operations, [Operation::Generate, Operation::Edit]);
}

#[test]
fn a_corporate_gateway_has_headers_and_a_key_of_its_own() {
    let user = "\
[[provider]]
id = \"corp\"
base_url = \"https://llm.corp.example/openai/v1\"
base_url_variable = \"CORP_LLM_URL\"
key_variables = [\"CORP_LLM_TOKEN\", \"OPENAI_API_KEY\"]
headers = { X-Team = \"design\", X-Cost-Center = \"4711\" }
price_factor = 1.1
[[model]]
provider = \"corp\"
id = \"gpt-image-2\"
like = \"openai/gpt-image-2\"
rank = 10
";
    let catalog = Catalog::with_user(user).unwrap();
    let corp = catalog.provider("corp").unwrap();
    assert_eq!(corp.headers["X-Team"].expose(), "design");
    assert_eq!(corp.base_url_variable.as_deref(), Some("CORP_LLM_URL"));
    let first = &catalog.models[0];
    assert_eq!(first.name.provider, "corp");
    assert_eq!(first.key_variables, ["CORP_LLM_TOKEN", "OPENAI_API_KEY"]);
}
