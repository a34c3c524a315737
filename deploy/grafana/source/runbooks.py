"""Which alert watches a KPI: the panel of the KPI leads to what the alert's runbook says to do."""

ALERTS_OF_KPI = {
    "funnel_conversion_ratio": ("SalesFunnelConversionDrop",),
    "win_ratio": ("SalesWinRatioDrop",),
    "lead_response_p50_seconds": ("SalesLeadResponseSlow",),
    "lead_response_p90_seconds": ("SalesLeadResponseSlow",),
    "quota_pace_ratio": ("SalesQuotaPaceOffTrack",),
    "collection_ratio": ("SalesCollectionRatioLow",),
    "csat_ratio": ("SalesCsatDrop",),
    "cac": ("SalesCacSpike",),
    "stalled_deals": ("SalesDealsStalling",),
    "overdue_deals": ("SalesPipelineOverdue",),
    "overdue_amount": ("SalesPipelineOverdue",),
    "slipped_deals": ("SalesDealsSlipping",),
}


def alerts_of(*kpis: str) -> tuple[str, ...]:
    """The alerts that watch any of these, each once."""
    return tuple(dict.fromkeys(alert for kpi in kpis for alert in ALERTS_OF_KPI.get(kpi, ())))
