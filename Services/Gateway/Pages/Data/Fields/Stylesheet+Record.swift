/// The page of a record.
extension Stylesheet {
    static let record = """
        .record{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,19rem);gap:1.25rem;\
        align-items:start}
        .record:has(>.around:empty){grid-template-columns:minmax(0,1fr)}
        .around .card{padding:.9rem 1rem}
        .around h2{font-size:.95rem;margin-bottom:.5rem}
        .around h2 a{color:inherit}
        .plain{list-style:none;margin:0 0 .6rem;padding:0;overflow-wrap:anywhere}
        .plain>li{padding:.25rem 0}
        .plain form{margin:0}
        .crumbs.row{justify-content:space-between}
        .crumbs .ends a::before{content:none}
        .ends{display:flex;gap:.9rem}
        .ends a{padding:.2rem 0}
        .both{border-left:3px solid var(--warn);padding:.2rem 0 .2rem .8rem;margin-top:.5rem;\
        font-size:.9rem}
        .drop{border:1.5px dashed var(--line);border-radius:8px;padding:.8rem;margin-top:.6rem}
        .drop.over{border-color:var(--accent);background:var(--wash)}
        .drop label{font-weight:600;font-size:.9rem}
        .drop .row{margin-top:.3rem}
        .drop .row input{flex:1 1 12rem;padding:.4rem}
        progress{width:100%;accent-color:var(--accent)}
        .picker{position:relative}
        .picks{position:absolute;z-index:3;left:0;right:0;list-style:none;margin:.2rem 0 0;\
        padding:.3rem;background:var(--card);border:1px solid var(--line);border-radius:8px;\
        box-shadow:0 6px 24px rgb(0 0 0/.18);max-height:20rem;overflow:auto}
        .picks li{padding:.45rem .6rem;border-radius:6px;cursor:pointer;overflow-wrap:anywhere}
        .picks li:hover,.picks [aria-selected=true]{background:var(--wash)}
        .changes form{margin:.5rem 0 0}
        [hidden]{display:none!important}
        @media(max-width:60rem){.record{grid-template-columns:minmax(0,1fr)}}
        """
}
