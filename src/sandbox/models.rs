//! The models that the sandbox plays, and in what they differ on the wire.

/// Who answers: models of one family read the same parameters and answer in the same shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// OpenAI's own models: strict, base64 only.
    Official,
    /// `gpt-image-2-all` and `gpt-image-2.5-all`: lenient, one picture a call, chat as well.
    All,
    /// `gpt-image-2.6-all`: as `All`, but it honours size, n, background and format.
    All26,
    /// `-vip`: as `All`, but it honours size and background, and has no chat.
    Vip,
}

impl Family {
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
pub(super) struct Model {
    pub id: &'static str,
    pub family: Family,
    /// The qualities it knows, each with its factor in the output token formula.
    pub qualities: &'static [(&'static str, u32)],
}

impl Model {
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
// prices for 2.5. The table of 2.6 is not known; it is given that of 2.5.
const THREE: &[(&str, u32)] = &[("low", 16), ("medium", 48), ("high", 96)];
const FIVE: &[(&str, u32)] = &[("low", 16), ("medium", 24), ("high", 48), ("xhigh", 64), ("max", 96)];

const fn model(id: &'static str, family: Family, qualities: &'static [(&'static str, u32)]) -> Model {
    Model { id, family, qualities }
}

/// Every model there is; any other id is answered with `model_not_found`.
pub(super) static MODELS: [Model; 12] = [
    model("gpt-image-2", Family::Official, THREE),
    model("gpt-image-2-2026-04-21", Family::Official, THREE),
    model("gpt-image-2.5-flare", Family::Official, FIVE),
    model("gpt-image-2.5-flare-2026-09-08", Family::Official, FIVE),
    model("gpt-image-2.5-sunburst", Family::Official, FIVE),
    model("gpt-image-2.5-sunburst-2026-09-08", Family::Official, FIVE),
    model("gpt-image-2.6-flare", Family::Official, FIVE),
    model("gpt-image-2.6-sunburst", Family::Official, FIVE),
    model("gpt-image-2-all", Family::All, THREE),
    model("gpt-image-2.5-all", Family::All, THREE),
    model("gpt-image-2.6-all", Family::All26, THREE),
    model("gpt-image-2-vip", Family::Vip, THREE),
];

/// The model of an id.
pub(super) fn find(id: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.id == id)
}
