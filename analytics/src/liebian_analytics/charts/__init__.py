"""Results as charts: ECharts options for pages, matplotlib for notebooks. Owns no computation on customers."""
