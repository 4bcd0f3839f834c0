//! Chooses the model: drops those that cannot do what was asked, those without a key and
//! those above the budget, and takes the first that is left. The rest is the fail-over list.

use super::{Estimate, Refusal, Shape, Unmet, estimate, shape, unmet};
use crate::catalog::{Catalog, Model};
use crate::domain::{
    Background, ImageFormat, ImageRequest, ModelChoice, ModelName, Moderation, Operation, Ratio, SizeRequest,
    Usd,
};

/// How many models a refusal names as able.
const MOST_ABLE: usize = 3;

/// Where a request goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// The model taken.
    pub first: Choice,
    /// Where it goes if that fails, in order: models that honour the same arguments.
    pub rest: Vec<Choice>,
    /// Why the first one, in words: a fragment without a full stop.
    pub why: String,
    /// The candidates passed over, in the catalogue's order.
    pub dropped: Vec<Dropped>,
}

/// A model that can do what was asked, and what it comes to there.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The model.
    pub model: Model,
    /// The size and the words that go with it.
    pub shape: Shape,
    /// What the whole call will cost; `None` where the price is not known.
    pub estimate: Option<Estimate>,
}

/// A model passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The model.
    pub model: ModelName,
    /// The argument that it cannot honour; `key` where it has none, `max_cost_usd` where it costs too much.
    pub argument: &'static str,
    /// Why; reads on after the model's name.
    pub reason: String,
}

/// What keeps a model from being chosen.
enum Obstacle {
    Unmet(Vec<Unmet>),
    NoKey,
    OverBudget { estimate: Option<Estimate>, most: Usd },
}

/// Finds the models for a request, best first. `has_key` says whether a model can be signed
/// for; `most` is the most the call may cost, which an estimate is held to at its high end.
pub fn route(
    request: &ImageRequest,
    catalog: &Catalog,
    has_key: &dyn Fn(&Model) -> bool,
    most: Option<Usd>,
) -> Result<Route, Refusal> {
    if let Some(contradiction) = contradiction(request) {
        return Err(contradiction);
    }
    let candidates = candidates(&request.model, catalog)?;
    let judged: Vec<_> = candidates
        .iter()
        .map(|model| (*model, judge(request, model, price_factor(catalog, model), has_key, most)))
        .collect();
    let skipped = judged.iter().take_while(|(_, verdict)| verdict.is_err()).count();
    let (mut choices, mut obstacles) = (Vec::new(), Vec::new());
    for (model, verdict) in judged {
        match verdict {
            Ok(choice) => choices.push(choice),
            Err(obstacle) => obstacles.push((model, obstacle)),
        }
    }
    let mut choices = choices.into_iter();
    let Some(first) = choices.next() else {
        return Err(refusal(request, catalog, has_key, obstacles));
    };
    let dropped: Vec<_> = obstacles.iter().map(|(model, obstacle)| obstacle.told(model)).collect();
    let why = why(&request.model, &first, dropped.get(..skipped).unwrap_or_default());
    Ok(Route { first, rest: choices.collect(), why, dropped })
}

/// Arguments that contradict each other, whatever the model.
fn contradiction(request: &ImageRequest) -> Option<Refusal> {
    let format = request.output_format;
    let (argument, what, remedy) = if matches!(request.size, SizeRequest::Exact(_))
        && request.aspect_ratio != Ratio::Auto
    {
        (
            "aspect_ratio",
            "exact pixels have a shape already",
            "Leave aspect_ratio out, or pass size 1K, 2K or 4K beside it.",
        )
    } else if request.background == Background::Transparent && format == Some(ImageFormat::Jpeg) {
        ("background", "jpeg has no transparency", "Pass output_format png or webp, or leave background out.")
    } else if request.output_compression.is_some()
        && !matches!(format, Some(ImageFormat::Jpeg | ImageFormat::Webp))
    {
        (
            "output_compression",
            "only jpeg and webp are compressed by degrees",
            "Pass output_format jpeg or webp beside it, or leave output_compression out.",
        )
    } else if request.moderation != Moderation::Auto && request.operation != Operation::Generate {
        ("moderation", "only generate_image takes it", "Leave moderation out.")
    } else {
        return None;
    };
    Some(Refusal::Contradiction { argument, what, remedy })
}

/// The models that may be asked, in the catalogue's order.
fn candidates<'a>(choice: &'a ModelChoice, catalog: &'a Catalog) -> Result<Vec<&'a Model>, Refusal> {
    let ModelChoice::Named { provider, model } = choice else {
        return Ok(catalog.models.iter().filter(|model| model.auto).collect());
    };
    let named: Vec<_> = catalog.named(provider.as_deref(), model).collect();
    if !named.is_empty() {
        return Ok(named);
    }
    let asked = provider.as_ref().map_or_else(|| model.clone(), |provider| format!("{provider}/{model}"));
    let mut known: Vec<String> = Vec::new();
    for model in &catalog.models {
        let name = if provider.is_some() { model.name.to_string() } else { model.name.model.clone() };
        if !known.contains(&name) {
            known.push(name);
        }
    }
    known.sort_by_key(|name| (!name.starts_with(&asked), strsim::levenshtein(&asked, name)));
    Err(Refusal::UnknownModel { asked, known })
}

fn price_factor(catalog: &Catalog, model: &Model) -> f64 {
    catalog.provider(&model.name.provider).map_or(1.0, |provider| provider.price_factor)
}

fn judge(
    request: &ImageRequest,
    model: &Model,
    price_factor: f64,
    has_key: &dyn Fn(&Model) -> bool,
    most: Option<Usd>,
) -> Result<Choice, Obstacle> {
    let lacking = unmet(request, model);
    let Ok(shape) = shape(model, request.size, request.aspect_ratio) else {
        return Err(Obstacle::Unmet(lacking));
    };
    if !lacking.is_empty() {
        return Err(Obstacle::Unmet(lacking));
    }
    if !has_key(model) {
        return Err(Obstacle::NoKey);
    }
    let inputs = vec![None; usize::try_from(request.references).unwrap_or_default()];
    let estimate = estimate(model, price_factor, request, &shape, &inputs);
    match most {
        Some(most) if estimate.is_none_or(|estimate| estimate.high > most) => {
            Err(Obstacle::OverBudget { estimate, most })
        }
        _ => Ok(Choice { model: model.clone(), shape, estimate }),
    }
}

impl Obstacle {
    fn told(&self, model: &Model) -> Dropped {
        let (argument, reason) = match self {
            Self::Unmet(unmet) => {
                unmet.first().map_or(("model", String::new()), |unmet| (unmet.argument, unmet.reason.clone()))
            }
            Self::NoKey => ("key", format!("has no key ({})", model.key_variables.join(" or "))),
            Self::OverBudget { estimate: Some(estimate), most } => {
                ("max_cost_usd", format!("costs {estimate}, above the allowed {most}"))
            }
            Self::OverBudget { estimate: None, most } => {
                ("max_cost_usd", format!("has no known price to hold to the allowed {most}"))
            }
        };
        Dropped { model: model.name.clone(), argument, reason }
    }
}

fn why(asked: &ModelChoice, first: &Choice, skipped: &[Dropped]) -> String {
    let taken = match asked {
        ModelChoice::Auto => "first in the catalogue that can do it",
        ModelChoice::Named { .. } => "named in the call",
    };
    let reasons: Vec<_> = skipped
        .iter()
        .map(|dropped| {
            // The provider is said where the id alone would not tell the two apart.
            let same_id = dropped.model.model == first.model.name.model;
            let name = if same_id { dropped.model.to_string() } else { dropped.model.model.clone() };
            format!("{name} {}", dropped.reason)
        })
        .collect();
    if reasons.is_empty() { taken.to_owned() } else { format!("{taken}, as {}", reasons.join("; ")) }
}

/// The refusal that leads furthest: money if that is all that is missing, then a key, then
/// the candidate that lacks least.
fn refusal(
    request: &ImageRequest,
    catalog: &Catalog,
    has_key: &dyn Fn(&Model) -> bool,
    obstacles: Vec<(&Model, Obstacle)>,
) -> Refusal {
    let mut over = Vec::new();
    let mut keyless = Vec::new();
    let mut lacking = Vec::new();
    for (model, obstacle) in obstacles {
        match obstacle {
            Obstacle::OverBudget { estimate, most } => over.push((model, estimate, most)),
            Obstacle::NoKey => keyless.push(model),
            Obstacle::Unmet(unmet) => lacking.push((model, unmet)),
        }
    }
    let cheapest = over.into_iter().min_by_key(|(_, estimate, _)| match estimate {
        Some(estimate) => (0, estimate.high),
        None => (1, Usd::ZERO),
    });
    if let Some((model, estimate, most)) = cheapest {
        return Refusal::OverBudget { model: model.name.clone(), estimate, most };
    }
    if !keyless.is_empty() {
        let mut variables: Vec<String> = Vec::new();
        for variable in keyless.iter().flat_map(|model| &model.key_variables) {
            if !variables.contains(variable) {
                variables.push(variable.clone());
            }
        }
        let models = keyless.iter().map(|model| model.name.clone()).collect();
        return Refusal::NoKey { models, variables, able: able(request, catalog, has_key) };
    }
    let nearest = lacking
        .into_iter()
        .min_by_key(|(_, unmet)| (unmet.len(), unmet.iter().filter(|unmet| !unmet.has_control).count()));
    match nearest {
        Some((model, unmet)) => {
            let with_key = able(request, catalog, has_key);
            let able = if with_key.is_empty() { able(request, catalog, &|_| true) } else { with_key };
            Refusal::Unable { model: model.name.clone(), unmet, able }
        }
        None => Refusal::Contradiction {
            argument: "model",
            what: "no model in the catalogue answers to auto",
            remedy: "Name one, or set auto = true in a [[model]] entry.",
        },
    }
}

/// The first few of these models that can do what was asked, whether or not they answer to auto.
fn able(request: &ImageRequest, catalog: &Catalog, among: &dyn Fn(&Model) -> bool) -> Vec<ModelName> {
    let able = catalog.models.iter().filter(|model| among(model) && unmet(request, model).is_empty());
    able.map(|model| model.name.clone()).take(MOST_ABLE).collect()
}

#[cfg(test)]
mod tests;
