//! The servers, each as its documents describe it: what it must be sent, how it answers, and
//! how it refuses.

use gpt_image_mcp::sandbox::ServerProfile;
use serde_json::{Value, json};

/// Several images are named in order.
const TWO_CATS: &str = "prompt=a kite\n\nThe images, in order: image 1 is cat.png, image 2 is cat.png.";

/// A server as its documents describe it.
pub struct Server {
    pub file: &'static str,
    /// The profile of a sandbox that imitates it.
    pub profile: ServerProfile,
    /// The variable of the key, and the header the key `my-key` arrives in.
    pub key: Option<(&'static str, &'static str, &'static str)>,
    /// Another header of every request.
    pub header: Option<(&'static str, &'static str)>,
    /// How it answers with an image.
    pub success: &'static str,
    /// One of its refusals: status, body, and words that must come through.
    pub refusal: (u16, &'static str, &'static str),
    pub drawings: Vec<Drawing>,
}

/// A call of a tool, and what arrives of it.
pub struct Drawing {
    pub tool: &'static str,
    pub model: &'static str,
    pub asked: Value,
    pub target: &'static str,
    /// Every field of the body, in order.
    pub sent: &'static [&'static str],
}

fn corporate_gateway() -> Server {
    Server {
        file: "corporate-gateway.toml",
        profile: ServerProfile::Gateway,
        key: Some(("CORP_IMAGE_KEY", "authorization", "Bearer my-key")),
        header: Some(("x-team", "design")),
        success: "images_official.json",
        refusal: (401, "new_api_token.json", "Invalid token"),
        drawings: vec![
            generate("corp/gpt-image-2", json!({ "quality": "low", "size": "1024x1024" }))
                .to("/v1/images/generations")
                .sends(&["model=gpt-image-2", "prompt=a kite", "size=1024x1024", "quality=low"]),
            edit("corp/gpt-image-2", &["cat.png", "cat.png"]).to("/v1/images/edits").sends(&[
                "model=gpt-image-2",
                TWO_CATS,
                "image[]=@IMAGE",
                "image[]=@IMAGE",
            ]),
            inpaint("corp/gpt-image-2").to("/v1/images/edits").sends(&[
                "model=gpt-image-2",
                "prompt=a kite",
                "image=@IMAGE",
                "mask=@clear where repainted",
            ]),
        ],
    }
}

fn azure() -> Server {
    Server {
        file: "azure.toml",
        profile: ServerProfile::Azure,
        key: Some(("AZURE_OPENAI_API_KEY", "api-key", "my-key")),
        header: None,
        success: "images_echoing.json",
        refusal: (404, "azure_deployment.json", "The API deployment for this resource does not exist."),
        drawings: vec![
            generate("azure/azure-image", json!({ "output_format": "jpeg" }))
                .to("/openai/v1/images/generations")
                .sends(&["model=my-deployment", "prompt=a kite", "output_format=jpeg"]),
            edit("azure/azure-image", &["cat.png"]).to("/openai/v1/images/edits").sends(&[
                "model=my-deployment",
                "prompt=a kite",
                "image=@IMAGE",
            ]),
            inpaint("azure/azure-image").to("/openai/v1/images/edits").sends(&[
                "model=my-deployment",
                "prompt=a kite",
                "image=@IMAGE",
                "mask=@clear where repainted",
            ]),
        ],
    }
}

fn azure_dated() -> Server {
    const EDITS: &str = "/openai/deployments/my-deployment/images/edits?api-version=2025-04-01-preview";
    Server {
        file: "azure-dated.toml",
        profile: ServerProfile::AzureDated,
        refusal: (400, "azure_filter.json", "rejected as a result of our safety system"),
        drawings: vec![
            generate("azure/azure-image", json!({ "quality": "high" }))
                .to("/openai/deployments/my-deployment/images/generations?api-version=2025-04-01-preview")
                .sends(&["prompt=a kite", "quality=high"]),
            edit("azure/azure-image", &["cat.png"]).to(EDITS).sends(&["prompt=a kite", "image=@IMAGE"]),
            inpaint("azure/azure-image").to(EDITS).sends(&[
                "prompt=a kite",
                "image=@IMAGE",
                "mask=@clear where repainted",
            ]),
        ],
        ..azure()
    }
}

pub fn localai() -> Server {
    const MODEL: &str = "localai/flux.1-dev-ggml";
    Server {
        file: "localai.toml",
        profile: ServerProfile::Localai,
        key: None,
        header: None,
        success: "images_localai.json",
        refusal: (404, "localai_model.json", "To see available models, call GET /v1/models"),
        drawings: vec![
            generate(MODEL, json!({})).to("/v1/images/generations").sends(&[
                "model=flux.1-dev-ggml",
                "prompt=a kite",
                "response_format=b64_json",
            ]),
            generate(MODEL, json!({ "aspect_ratio": "16:9" })).to("/v1/images/generations").sends(&[
                "model=flux.1-dev-ggml",
                "prompt=a kite",
                "size=1024x576",
                "response_format=b64_json",
            ]),
        ],
    }
}

pub fn stable_diffusion_cpp() -> Server {
    const MODEL: &str = "sdcpp/sd-cpp-local";
    Server {
        file: "stable-diffusion-cpp.toml",
        profile: ServerProfile::StableDiffusionCpp,
        key: None,
        header: None,
        success: "images_sdcpp.json",
        refusal: (400, "sdcpp.json", "prompt required"),
        drawings: vec![
            generate(MODEL, json!({ "size": "512x512" })).to("/v1/images/generations").sends(&[
                "model=sd-cpp-local",
                "prompt=a kite",
                "size=512x512",
            ]),
            edit(MODEL, &["cat.png", "cat.png"]).to("/v1/images/edits").sends(&[
                "model=sd-cpp-local",
                TWO_CATS,
                "image[]=@IMAGE",
                "image[]=@IMAGE",
            ]),
            inpaint(MODEL).to("/v1/images/edits").sends(&[
                "model=sd-cpp-local",
                "prompt=a kite",
                "image=@IMAGE",
                "mask=@white where repainted",
            ]),
        ],
    }
}

pub fn vllm_omni() -> Server {
    Server {
        file: "vllm-omni.toml",
        profile: ServerProfile::VllmOmni,
        key: None,
        header: None,
        success: "images_vllm_omni.json",
        refusal: (422, "detail_list.json", "Input should be greater than or equal to 1"),
        drawings: vec![
            generate("omni/qwen-image", json!({ "size": "1328x1328" })).to("/v1/images/generations").sends(
                &[
                    "model=Qwen/Qwen-Image",
                    "prompt=a kite",
                    "size=1328x1328",
                    "response_format=b64_json",
                    "num_inference_steps=50",
                ],
            ),
            edit("omni-edit/qwen-image-edit", &["cat.png", "cat.png"]).to("/v1/images/edits").sends(&[
                "model=Qwen/Qwen-Image-Edit-2511",
                TWO_CATS,
                "response_format=b64_json",
                "guidance_scale=1",
                "num_inference_steps=50",
                "image=@IMAGE",
                "image=@IMAGE",
            ]),
        ],
    }
}

pub fn openrouter() -> Server {
    const TARGET: &str = "/api/v1/chat/completions";
    Server {
        file: "openrouter.toml",
        profile: ServerProfile::Openrouter,
        key: Some(("OPENROUTER_API_KEY", "authorization", "Bearer my-key")),
        header: None,
        success: "chat_openrouter.json",
        refusal: (402, "openrouter_credit.json", "Insufficient credits"),
        drawings: vec![
            generate("openrouter/gemini-image", json!({})).to(TARGET).sends(&[
                r#"messages=[{"role":"user","content":"Generate image: a kite"}]"#,
                "model=google/gemini-2.5-flash-image",
                r#"modalities=["image","text"]"#,
            ]),
            generate("openrouter/gemini-image-wide", json!({})).to(TARGET).sends(&[
                r#"messages=[{"role":"user","content":"Generate image: a kite"}]"#,
                "model=google/gemini-2.5-flash-image",
                r#"image_config={"aspect_ratio":"16:9"}"#,
                r#"modalities=["image","text"]"#,
            ]),
            edit("openrouter/gemini-image", &["cat.png"]).to(TARGET).sends(&[
                concat!(
                    r#"messages=[{"role":"user","content":[{"type":"text","text":"Generate image: a kite"},"#,
                    r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,IMAGE"}}]}]"#
                ),
                "model=google/gemini-2.5-flash-image",
                r#"modalities=["image","text"]"#,
            ]),
        ],
    }
}

pub fn servers() -> [Server; 7] {
    [
        corporate_gateway(),
        azure(),
        azure_dated(),
        localai(),
        stable_diffusion_cpp(),
        vllm_omni(),
        openrouter(),
    ]
}

pub fn generate(model: &'static str, asked: Value) -> Drawing {
    Drawing { tool: "generate_image", model, asked, target: "", sent: &[] }
}

pub fn edit(model: &'static str, images: &[&str]) -> Drawing {
    Drawing { tool: "edit_image", asked: json!({ "images": images }), ..generate(model, Value::Null) }
}

pub fn inpaint(model: &'static str) -> Drawing {
    let asked = json!({ "image": "cat.png", "mask": "mask.png", "preserve": false });
    Drawing { tool: "inpaint_image", asked, ..generate(model, Value::Null) }
}

impl Drawing {
    fn to(self, target: &'static str) -> Self {
        Self { target, ..self }
    }

    fn sends(self, sent: &'static [&'static str]) -> Self {
        Self { sent, ..self }
    }

    pub fn arguments(&self) -> Value {
        let mut arguments = self.asked.clone();
        arguments["prompt"] = json!("a kite");
        arguments["model"] = json!(self.model);
        arguments
    }
}
