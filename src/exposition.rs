//! The KPI families as exposition text.
use crate::board::Board;
use crate::kpi::Catalogue;
/// Which text format to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text 0.0.4.
    Prometheus,
    /// OpenMetrics 1.0; the caller ends the exposition with `# EOF`.
    OpenMetrics,
}
/// A reading of more series than `max_series` is never served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this reading has {series} sales_* series, more than max_series = {limit} allows; raise max_series or expose less"
)]
pub struct TooManySeries {
    /// How many there are.
    pub series: u64,
    /// How many are allowed.
    pub limit: u64,
}
/// Appends all `sales_*` families and `salespulse_data_errors` to `text`; answers how many series that were.
///
/// # Errors
/// [`TooManySeries`] if there are more `sales_*` series than allowed; `text` is then as it was.
pub fn render(
    _catalogue: &Catalogue,
    _board: &Board,
    _format: Format,
    _text: &mut String,
) -> Result<u64, TooManySeries> {
    Ok(0)
}
