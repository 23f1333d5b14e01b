/// Drawings, small charts, counters and mails in frames.
extension Stylesheet {
    static let operations = """
        .drawing{background:#fff;margin-bottom:1.25rem;text-align:center}
        .drawing img{max-width:none}
        h2{margin-top:1.5rem}.card>h2:first-child,section>h2:first-child{margin-top:0}
        section+section{margin-top:1.5rem}
        h3{font-size:1rem;margin:0 0 .4rem}
        .health .measure{display:grid;grid-template-columns:1fr auto;gap:0 .5rem;\
        margin-top:.6rem;font-size:.85rem}
        .spark{grid-column:1/-1;width:100%;height:2.25rem}
        .spark polyline{fill:none;stroke:var(--accent);stroke-width:1.5;\
        vector-effect:non-scaling-stroke}
        .counters{grid-template-columns:repeat(auto-fill,minmax(7rem,1fr));margin:1rem 0}
        .counter{background:var(--ground);border:1px solid var(--line);border-radius:8px;\
        padding:.6rem .8rem}
        .counter strong{display:block;font-size:1.25rem;font-variant-numeric:tabular-nums}
        .counter small{color:var(--soft)}
        .tick,.field .tick{display:inline-flex;gap:.5rem;align-items:center;min-height:2rem;\
        justify-content:flex-start;font-weight:400;margin:0}
        input[type=checkbox],input[type=radio]{width:1.25rem;height:1.25rem;min-height:0;\
        padding:0;accent-color:var(--accent);flex:none}
        th input[type=checkbox]{vertical-align:middle}
        .log{list-style:none}.log li{font-size:.9rem;padding:.15rem 0;overflow-wrap:anywhere}
        iframe.mail{width:100%;height:28rem;border:1px solid var(--line);border-radius:8px;\
        background:#fff}
        .mailtext{font-family:inherit;font-size:1rem;max-height:none}
        summary{font-weight:600}summary.quiet,.card details summary{color:var(--accent)}
        fieldset{border:1px solid var(--line);border-radius:8px;padding:.6rem .9rem .8rem}
        legend{font-weight:600;font-size:.9rem;padding:0 .35rem}
        textarea.outline{min-height:16rem;font-family:ui-monospace,Menlo,Consolas,monospace;\
        font-size:.9rem;white-space:pre;overflow-x:auto}
        .ticks{display:grid;gap:.25rem .9rem;\
        grid-template-columns:repeat(auto-fill,minmax(min(100%,13rem),1fr))}
        .tree,.tree ul{list-style:none;padding-left:1.1rem;margin:0;\
        border-left:2px solid var(--line)}
        .tree{padding-left:0;border-left:0}
        .tree li{padding:.3rem 0 .3rem .8rem;position:relative}
        .tree .unit{display:inline-block;background:var(--card);border:1px solid var(--line);\
        border-radius:8px;padding:.4rem .7rem}
        .reasons{list-style:none;padding:0;margin:0}
        .reasons li{padding:.5rem 0;border-top:1px solid var(--line)}
        .reasons li:first-child{border-top:0}
        """
}
