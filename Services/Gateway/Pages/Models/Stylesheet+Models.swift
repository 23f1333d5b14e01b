/// The pages of models: forms with rows, plans, the drawing of the classes.
extension Stylesheet {
    static let models = """
        .grid.two{grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));\
        margin-top:1.25rem}
        .grid.two>.card{margin:0}
        .check{display:flex;gap:.6rem;align-items:center;font-weight:600;font-size:.9rem;\
        min-height:2.75rem;cursor:pointer}
        .field .check{justify-content:flex-start;margin:0}
        input[type=checkbox]{width:1.5rem;height:1.5rem;min-height:0;flex:none;\
        accent-color:var(--accent)}
        .more>summary{color:var(--accent)}
        .more.small>summary{font-size:.85rem;font-weight:500;min-height:1.5rem;padding:.2rem 0}
        .more>.grid{margin-top:.6rem}
        .item{border-top:1px solid var(--line);padding:.25rem 0}
        .item>summary{color:var(--ink);font-weight:400;padding:.6rem 0}
        .item>summary .chip{margin-left:.3rem}
        .item[open]{padding-bottom:1rem}
        .item>.grid{margin-top:.8rem;align-items:end}
        textarea.mono{font-family:ui-monospace,"Cascadia Mono",Menlo,Consolas,monospace;\
        font-size:.88rem;white-space:pre;overflow-x:auto}
        textarea.tall{min-height:60vh}
        .rows{margin-top:.5rem;box-shadow:none}
        .rows td,.rows th{padding:.3rem .35rem;vertical-align:middle}
        .rows td input:not([type=checkbox]),.rows td select{min-width:9rem}
        .rows.grants td input:not([type=checkbox]),.rows.grants td select{min-width:6.3rem}
        .rows.grants td:first-child input:not([type=checkbox]){min-width:8.5rem}
        .rows.grants th{white-space:normal}
        .more.small label{margin-top:.5rem}
        .try,.result,#state>.card:first-child,form+section.card{margin-top:1.25rem}
        .result{scroll-margin-top:1rem}.result:focus{outline:none}
        .rows-more{margin-top:.6rem}
        .card>form:not(:last-child)>.actions{margin-bottom:1rem}
        .card>.hint{margin-bottom:.8rem}
        .crumbs a+a::before{content:"›";display:inline-block;padding:0 .5rem;color:var(--soft)}
        .rows tr:hover{background:none}
        td.center{text-align:center}
        .rows th{font-size:.85rem}
        .hint.lead{margin:0 0 1rem;font-size:.95rem}
        .parts{display:grid;gap:1.25rem;grid-template-columns:repeat(auto-fill,\
        minmax(min(100%,20rem),1fr));align-items:start;margin-bottom:1.25rem}
        .parts .card{margin:0}
        .card>.head{margin-bottom:.4rem;align-items:center}
        .card>.head h2{margin:0}
        .lines,.adds{list-style:none;margin:0;padding:0}
        .lines li{border-top:1px solid var(--line);padding:.5rem 0;overflow-wrap:anywhere}
        .lines li:first-child{border-top:0}
        .lines a,.adds a{font-weight:600;display:inline-block;min-height:1.6rem}
        .lines small,.adds small{display:block;color:var(--soft)}
        .adds{display:grid;gap:.9rem 1.25rem;grid-template-columns:repeat(auto-fill,\
        minmax(min(100%,17rem),1fr))}
        .diagram{padding:.5rem;background:var(--ground);border:1px solid var(--line);\
        box-shadow:none}
        .diagram svg{display:block}
        .diagram .box{fill:var(--card);stroke:var(--line)}
        .diagram a:hover .box,.diagram a:focus-visible .box{stroke:var(--accent)}
        .diagram .rule{stroke:var(--line)}
        .diagram text{fill:var(--ink);font-size:14px}
        .diagram .title{font-weight:650;font-size:15px}
        .diagram .type{fill:var(--soft);font-size:12.5px}
        .diagram .wire{fill:none;stroke:var(--accent);stroke-width:1.6;stroke-linejoin:round}
        .diagram .end{fill:var(--accent)}
        .listing{font:.88rem/1.5 ui-monospace,"Cascadia Mono",Menlo,Consolas,monospace;\
        white-space:pre;overflow-wrap:normal}
        .listing .marked{background:var(--bad-wash);color:var(--bad);font-weight:600}
        iframe.mail{width:100%;min-height:22rem;border:1px solid var(--line);border-radius:8px;\
        background:#fff}
        .card h3{font-size:1rem;margin:1rem 0 .4rem}
        .docs td:last-child{min-width:16rem}.docs td:nth-last-child(2){min-width:9rem}
        .tried{margin:.6rem 0}
        .step>summary{margin-bottom:.5rem}
        .step .actions .button,.actions.add .button{flex:0 1 auto;white-space:nowrap}
        .actions.add{align-items:center;margin:.8rem 0}.actions.add select{width:auto}
        """
}
