"""How a report looks, on a screen and on paper."""

STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#8881}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{margin-bottom:0}h2{margin-top:2.2rem;border-bottom:1px solid var(--line)}
.headline{font-size:1.3rem;margin:.4rem 0}.note{border-left:4px solid #E8871E;padding-left:.7rem}
table{border-collapse:collapse}td,th{padding:.25rem .7rem;text-align:right;
border-bottom:1px solid var(--line)}td:first-child,th:first-child{text-align:left}
.plots,.pictures{display:flex;flex-wrap:wrap;gap:1rem}figure{margin:0;width:320px;max-width:100%}
.pictures figure{width:150px}img{width:100%;border-radius:6px}figcaption{font-size:.85rem}
svg{width:100%;font:11px system-ui,sans-serif;fill:currentColor}svg .grid{stroke:#8883}
code,pre{background:var(--soft);white-space:pre-wrap;overflow-wrap:anywhere}
.scroll{overflow-x:auto}td:nth-child(2):last-child{overflow-wrap:anywhere;text-align:left}
.plots{margin-top:1rem}
@media(max-width:480px){td,th{padding:.2rem .35rem;font-size:.85rem}}
@page{margin:15mm}
@media print{:root{color-scheme:light}body{margin:0;max-width:none;padding:0;font-size:10.5pt}
h2,h3,h3+p{break-after:avoid}h2,figure,tr,.scroll{break-inside:avoid}}
"""
