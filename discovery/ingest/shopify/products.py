"""Shopify's products export, in its old and new layout: which category and brand a SKU is of."""

from __future__ import annotations

from collections.abc import Sequence

from discovery.engine.duckdb import Engine
from discovery.ingest.cells import code
from discovery.ingest.exports import Export, load

PRODUCT_COLUMNS = frozenset(
    ("handle", "url handle", "title", "vendor", "product category", "type", "variant sku", "sku", "variant price")
)


def load_products(engine: Engine, exports: Sequence[Export]) -> list[str]:
    """Make the table ``shop_products``: one row per SKU with its product's handle, title, category and brand.

    A product's own cells stand on its first row; further rows are variants and images. The category is the last
    step of Shopify's ``Product Category`` ("... > Shirts"), or the store's own ``Type`` where that is empty.
    """
    for export in exports:
        load(
            engine,
            "shop_products",
            export,
            {
                "handle": f"coalesce({export.cell('handle', 'url handle')}, {export.cell('title')})",
                "title": export.cell("title"),
                "category": _category(export),
                "brand": export.cell("vendor"),
                "sku": export.cell("variant sku", "sku", read=code),
            },
        )
    if not exports:
        return []
    engine.run(
        "CREATE OR REPLACE TABLE shop_products AS SELECT DISTINCT p.handle, p.sku, f.title, f.category, f.brand "
        "FROM shop_products p JOIN (SELECT handle, min(title) AS title, min(category) AS category, min(brand) AS brand "
        "FROM shop_products GROUP BY handle) f USING (handle)"
    )
    return []


def _category(export: Export) -> str:
    taxonomy = f"trim(list_last(string_split({export.cell('product category')}, '>')))"
    return f"coalesce(CASE WHEN lower({taxonomy}) <> 'uncategorized' THEN {taxonomy} END, {export.cell('type')})"
