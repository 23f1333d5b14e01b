/// Lists, boards and records.
extension Stylesheet {
    static let data = """
        .pick [hidden]{display:inline-block;visibility:hidden}
        .tools{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin-bottom:.75rem}
        .seek{display:flex;gap:.4rem;flex:1 1 15rem;max-width:26rem}
        .seek input{min-height:2.25rem;padding:.3rem .7rem}
        .seek .button{min-height:2.25rem}
        .menu{position:relative}
        .menu>summary{list-style:none;display:inline-flex;align-items:center;\
        gap:.4rem;font-size:.875rem;font-weight:600;color:var(--ink);min-height:2.25rem;\
        padding:.3rem .8rem;border:1px solid var(--line);border-radius:8px;\
        background:var(--card)}
        .menu>summary::after{content:"▾";color:var(--soft)}
        .menu>summary::-webkit-details-marker{display:none}
        .menu>summary:hover,.menu[open]>summary{border-color:var(--accent)}
        .pop{position:absolute;z-index:3;top:calc(100% + .3rem);left:0;width:max-content;\
        min-width:16rem;max-width:min(34rem,calc(100vw - 2.5rem));max-height:70vh;overflow:auto;\
        background:var(--card);border:1px solid var(--line);border-radius:var(--radius);\
        box-shadow:0 6px 24px rgb(0 0 0/.18);padding:1rem}
        .pop:has([aria-expanded=true]){overflow:visible}
        .pop form+form,.pop ul+form{border-top:1px solid var(--line);margin-top:1rem;\
        padding-top:1rem}
        .pop .field{margin:0 0 .7rem}
        .pop input,.pop select{min-height:2.4rem;padding:.35rem .6rem}
        .pop ul{list-style:none;margin:0;padding:0}
        .pop li a{display:block;padding:.4rem 0}
        .build{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:0 .6rem}
        .build .button{grid-column:1/-1;justify-self:start}
        .pair{display:grid;grid-template-columns:2fr 1fr;gap:.5rem;margin-bottom:.5rem}
        .checks{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));\
        gap:.1rem 1rem;margin-bottom:.7rem}
        .checks label,.check{display:flex;gap:.5rem;align-items:center;min-height:2rem;\
        overflow-wrap:anywhere}
        input[type=checkbox],input[type=radio]{width:1.15rem;height:1.15rem;min-height:0;\
        padding:0;flex:none;accent-color:var(--accent)}
        .chips{list-style:none;display:flex;flex-wrap:wrap;gap:.4rem;align-items:center;\
        margin:0 0 .75rem;padding:0;font-size:.95rem}
        .chips .chip{display:inline-flex;align-items:center;gap:.3rem;white-space:normal;\
        overflow-wrap:anywhere;font-weight:500;padding:.1rem .7rem}
        .chips .chip:has(a){padding-right:.2rem}
        .field .check{justify-content:flex-start;font-weight:400;margin:0}
        .chips .chip a{display:inline-grid;place-items:center;min-width:1.6rem;\
        min-height:1.6rem;text-decoration:none;color:var(--soft);border-radius:99px}
        .chips .chip a:hover{color:var(--bad)}
        .dense th,.dense td{padding:.42rem .7rem}
        .dense td{max-width:20rem}
        .dense th a{text-decoration:none}.dense th a:hover{text-decoration:underline}
        .dense tfoot th,.dense tfoot td{border-top:2px solid var(--line);font-weight:600;\
        white-space:nowrap}
        .dense tfoot small{display:block;font-weight:400}
        .dense thead th,.dense thead td{background:var(--ground)}
        td.pick{width:1%;padding-right:.2rem}td.pick input{width:1.5rem;height:1.5rem}
        [data-many] tbody tr{cursor:pointer}
        .under{margin:.6rem 0}
        .pager{align-items:center}
        @media(max-width:40rem){.menu[open]{flex:1 1 100%}.pop{position:static;width:auto;\
        max-width:none;min-width:0;margin-top:.4rem}.build{grid-template-columns:1fr}\
        .seek{max-width:none;flex-basis:100%}.pager{justify-content:flex-start;\
        flex-wrap:wrap}}
        @media print{.tools,.under,td.pick{display:none}}
        """
}
