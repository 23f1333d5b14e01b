/// The way from page to page.
extension Stylesheet {
    static let navigation = """
        .ways{background:var(--card);border-bottom:1px solid var(--line)}
        .ways>div{max-width:75rem;margin:0 auto;padding:0 .75rem;display:flex;gap:.15rem;\
        overflow-x:auto;scrollbar-width:thin}
        .ways a{padding:.65rem .7rem;color:var(--soft);text-decoration:none;white-space:nowrap;\
        font-size:.92rem;font-weight:550;border-bottom:3px solid transparent}
        .ways a:hover{color:var(--ink)}
        .ways a[aria-current]{color:var(--ink);border-color:var(--accent)}
        .who a{color:inherit}
        .find{flex:0 1 18rem;min-width:6rem;margin:0}
        .find input{min-height:2.25rem;padding:.3rem .7rem}
        .tabs{display:flex;gap:.25rem;flex-wrap:wrap;margin:0 0 1rem;padding:0;\
        border-bottom:1px solid var(--line)}
        .tabs a{padding:.55rem .8rem;color:var(--soft);text-decoration:none;font-weight:550;\
        font-size:.92rem;border-bottom:3px solid transparent;margin-bottom:-1px}
        .tabs a:hover{color:var(--ink)}
        .tabs a[aria-current]{color:var(--ink);border-color:var(--accent)}
        .facts{display:grid;grid-template-columns:minmax(6rem,12rem) 1fr;gap:.35rem 1rem;margin:0}
        .facts dt{color:var(--soft);font-size:.9rem}
        .facts dd{margin:0;overflow-wrap:anywhere}
        .chip.good{background:var(--good-wash);color:var(--good)}
        .chip.bad{background:var(--bad-wash);color:var(--bad)}
        .chip.warn{background:var(--warn-wash);color:var(--warn)}
        .code{overflow:auto;background:var(--ground);border:1px solid var(--line);\
        border-radius:8px;padding:.8rem 1rem;max-height:30rem;white-space:pre-wrap;\
        overflow-wrap:anywhere}
        @media(max-width:30rem){.facts{grid-template-columns:1fr;gap:.1rem}\
        .facts dd{margin-bottom:.5rem}.find{flex:1 1 100%;order:9}\
        .who a{max-width:9rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}}
        @media print{.ways,.find{display:none}}
        """
}
