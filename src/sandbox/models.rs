//! The models of the sandbox, and how they differ on the wire.

/// Models of one family read the same parameters and reply in the same form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ModelFamily {
    /// OpenAI's own models: strict, base64 only.
    Official,
    /// `gpt-image-2-all` and `gpt-image-2.5-all`: lenient, one image a call, chat as well.
    All,
    /// `gpt-image-2.6-all`: as `All`, but it honours size, n, background and format.
    All26,
    /// `-vip`: as `All`, but it honours size and background, and has no chat.
    Vip,
}

impl ModelFamily {
    /// The header that carries the request id (the gateway's notes on its own and the official models).
    pub(super) const fn request_id_header(self) -> &'static str {
        match self {
            Self::Official => "x-request-id",
            Self::All | Self::All26 | Self::Vip => "request-id",
        }
    }
}

/// A model.
#[derive(Debug)]
pub(super) struct SandboxModel {
    pub id: &'static str,
    pub family: ModelFamily,
    /// The qualities it knows, each with its factor in the output token formula.
    pub qualities: &'static [(&'static str, u32)],
}

impl SandboxModel {
    /// The factor of a quality it knows. `auto` floats between the tiers on the real models
    /// (the same request was billed at two of them); here it always counts as medium.
    pub(super) fn factor(&self, quality: &str) -> Option<u32> {
        let quality = if quality == "auto" { "medium" } else { quality };
        self.qualities.iter().find(|(name, _)| *name == quality).map(|(_, factor)| *factor)
    }

    /// Whether `complexity` is among its parameters: from 2.6 on (OpenAI's Python client).
    pub(super) fn knows_complexity(&self) -> bool {
        self.id.starts_with("gpt-image-2.6-")
    }
}

// Factors: the token formula of OpenAI's forum for gpt-image-2, and those fitted to published
// prices for 2.5. The table of 2.6 is not known; that of 2.5 stands in.
const THREE: &[(&str, u32)] = &[("low", 16), ("medium", 48), ("high", 96)];
const FIVE: &[(&str, u32)] = &[("low", 16), ("medium", 24), ("high", 48), ("xhigh", 64), ("max", 96)];

const fn model(
    id: &'static str,
    family: ModelFamily,
    qualities: &'static [(&'static str, u32)],
) -> SandboxModel {
    SandboxModel { id, family, qualities }
}

/// Every model; any other id gets the error `model_not_found`.
pub(super) static MODELS: [SandboxModel; 12] = [
    model("gpt-image-2", ModelFamily::Official, THREE),
    model("gpt-image-2-2026-04-21", ModelFamily::Official, THREE),
    model("gpt-image-2.5-flare", ModelFamily::Official, FIVE),
    model("gpt-image-2.5-flare-2026-09-08", ModelFamily::Official, FIVE),
    model("gpt-image-2.5-sunburst", ModelFamily::Official, FIVE),
    model("gpt-image-2.5-sunburst-2026-09-08", ModelFamily::Official, FIVE),
    model("gpt-image-2.6-flare", ModelFamily::Official, FIVE),
    model("gpt-image-2.6-sunburst", ModelFamily::Official, FIVE),
    model("gpt-image-2-all", ModelFamily::All, THREE),
    model("gpt-image-2.5-all", ModelFamily::All, THREE),
    model("gpt-image-2.6-all", ModelFamily::All26, THREE),
    model("gpt-image-2-vip", ModelFamily::Vip, THREE),
];

/// The model of an id.
pub(super) fn find(id: &str) -> Option<&'static SandboxModel> {
    MODELS.iter().find(|model| model.id == id)
}
