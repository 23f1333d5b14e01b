import Crypto

/// The one stylesheet, served from memory under an address that changes with it.
struct Stylesheet: Sendable {
    static let shared = Stylesheet()

    let bytes: [UInt8]
    let name: String

    private init() {
        bytes = Array(Stylesheet.parts.joined(separator: "\n").utf8)
        name = "style-\(SHA256.hex(bytes).prefix(16)).css"
    }

    /// What a part of the pages needs of its own stands beside it.
    private static let parts = [
        css, navigation, data, record, board, chart, operations, models,
    ]

    static let icon = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" \
        rx="8" \
        fill="#3b5bdb"/><g fill="none" stroke="#fff" stroke-width="2.6"><circle cx="12" cy="19" \
        r="5.5"/>\
        <circle cx="21.5" cy="11" r="3.6"/></g></svg>
        """

    private static let css = """
        :root{color-scheme:light dark;--ground:#f6f7f9;--card:#fff;--ink:#1b2130;--soft:#5a6376;\
        --line:#dfe3ea;--accent:#3450c4;--accent-ink:#fff;--wash:#eef1fb;--bad:#b4232c;\
        --bad-wash:#fdecec;--good:#1a7040;--good-wash:#e7f6ed;--warn:#7a4d00;--warn-wash:#fff4dc;\
        --shadow:0 1px 2px rgb(20 30 60/.06),0 4px 16px rgb(20 30 60/.05);--radius:10px}
        @media(prefers-color-scheme:dark){:root{--ground:#11141b;--card:#191d27;--ink:#e8ebf2;\
        --soft:#a3acbf;--line:#2d3443;--accent:#93a8ff;--accent-ink:#10142a;--wash:#222941;\
        --bad:#ff9a9f;--bad-wash:#3a1d22;--good:#7fdba4;--good-wash:#16301f;--warn:#f2c572;\
        --warn-wash:#36290f;--shadow:none}}
        *{box-sizing:border-box}
        html{font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;\
        background:var(--ground);color:var(--ink);-webkit-text-size-adjust:100%}
        body{margin:0;min-height:100vh;display:flex;flex-direction:column}
        a{color:var(--accent);text-underline-offset:.2em}
        h1{font-size:1.5rem;line-height:1.25;margin:0;letter-spacing:-.01em;overflow-wrap:anywhere}
        h2{font-size:1.1rem;margin:0 0 .75rem}
        p{margin:.5rem 0}
        code,pre{font-family:ui-monospace,"Cascadia Mono",Menlo,Consolas,monospace;font-size:.9em}
        :focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:4px}
        .skip{position:absolute;left:-999px;top:0;background:var(--card);padding:.5rem 1rem;\
        z-index:2}
        .skip:focus{left:.5rem;top:.5rem}
        .bar{background:var(--card);border-bottom:1px solid var(--line)}
        .bar>div{max-width:75rem;margin:0 auto;padding:.6rem 1.25rem;display:flex;gap:.75rem;\
        align-items:center;flex-wrap:wrap}
        .brand{display:flex;align-items:center;gap:.5rem;font-weight:650;color:inherit;\
        text-decoration:none}
        .brand svg{width:1.6rem;height:1.6rem;flex:none}
        .place{font-size:.75rem;font-weight:600;letter-spacing:.02em;padding:.1rem .55rem;\
        border-radius:99px;background:var(--wash);color:var(--accent)}
        .place.test,.place.acceptance{background:var(--warn-wash);color:var(--warn)}
        .place.production{background:var(--bad-wash);color:var(--bad)}
        .who{margin-left:auto;display:flex;gap:.75rem;align-items:center;color:var(--soft);\
        font-size:.9rem}
        .who span{overflow-wrap:anywhere}
        main{width:100%;max-width:75rem;margin:0 auto;padding:1.25rem;flex:1}
        main.narrow{max-width:27rem;padding-top:8vh}
        main.reading{max-width:46rem}
        .crumbs{font-size:.9rem;color:var(--soft);margin-bottom:.35rem}
        .crumbs a{color:inherit}
        .head{display:flex;gap:.75rem 1rem;align-items:center;justify-content:space-between;\
        flex-wrap:wrap;margin-bottom:1rem}
        .head p{margin:0;color:var(--soft);font-size:.9rem}
        .card{background:var(--card);border:1px solid var(--line);border-radius:var(--radius);\
        box-shadow:var(--shadow);padding:1.25rem;margin-bottom:1.25rem}
        .card>:last-child{margin-bottom:0}
        .tiles{list-style:none;padding:0;margin:0;display:grid;gap:.9rem;\
        grid-template-columns:repeat(auto-fill,minmax(min(100%,15rem),1fr))}
        .tiles a{display:block;height:100%;background:var(--card);border:1px solid var(--line);\
        border-radius:var(--radius);box-shadow:var(--shadow);padding:1rem 1.1rem;color:inherit;\
        text-decoration:none}
        .tiles a:hover{border-color:var(--accent)}
        .tiles strong{display:block;overflow-wrap:anywhere}
        .tiles small{color:var(--soft);overflow-wrap:anywhere}
        .button{display:inline-flex;align-items:center;justify-content:center;gap:.4rem;\
        font:inherit;\
        font-weight:600;line-height:1.2;padding:.6rem 1.05rem;min-height:2.75rem;border-radius:8px;\
        border:1px solid var(--line);background:var(--card);color:var(--ink);cursor:pointer;\
        text-decoration:none}
        .button:hover{border-color:var(--accent)}
        .button.main{background:var(--accent);border-color:var(--accent);color:var(--accent-ink)}
        .button.main:hover{filter:brightness(1.08)}
        .button.bad{color:var(--bad)}
        .button.small{padding:.3rem .7rem;min-height:2rem;font-size:.875rem}
        .row{display:flex;gap:.6rem;flex-wrap:wrap;align-items:center}
        .filter{display:flex;gap:.6rem;flex-wrap:wrap;align-items:end;margin-bottom:1rem}
        .filter .field{flex:1 1 16rem;margin:0}
        .scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);\
        border-radius:var(--radius);box-shadow:var(--shadow)}
        table{border-collapse:collapse;width:100%;font-size:.925rem}
        caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
        th,td{text-align:left;padding:.6rem .9rem;vertical-align:top;\
        border-bottom:1px solid var(--line)}
        tbody tr:last-child>*{border-bottom:0}
        tbody tr:hover{background:var(--wash)}
        thead th{font-size:.8rem;color:var(--soft);font-weight:600;white-space:nowrap}
        thead a{color:inherit;text-decoration:none}
        thead a:hover{color:var(--accent)}
        th[scope=row]{font-weight:600;min-width:11rem;max-width:22rem;overflow-wrap:break-word}
        td{overflow-wrap:break-word;max-width:26rem}
        td.text{min-width:10rem}
        td.short{white-space:nowrap}
        .number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
        .quiet{color:var(--soft)}
        .chip{display:inline-block;white-space:nowrap;padding:.05rem .55rem;border-radius:99px;\
        background:var(--wash);font-size:.85em;font-weight:600}
        .blank{padding:2.5rem 1.25rem;text-align:center;color:var(--soft)}
        .pager{display:flex;gap:.6rem;justify-content:flex-end;margin-top:1rem}
        .grid{display:grid;gap:1rem 1.25rem;grid-template-columns:repeat(auto-fill,\
        minmax(min(100%,17rem),1fr))}
        .field{margin-bottom:1rem;min-width:0}
        .card>h1+p{margin-bottom:1.1rem}
        p.value,.problem td{overflow-wrap:anywhere}
        .grid .field{margin:0}
        .field.wide{grid-column:1/-1}
        .field label,.field .label{display:flex;gap:.5rem;justify-content:space-between;\
        font-weight:600;\
        font-size:.9rem;margin-bottom:.3rem}
        .field label small,.field .label small{font-weight:400;color:var(--soft)}
        input,select,textarea{font:inherit;color:inherit;background:var(--ground);width:100%;\
        padding:.55rem .7rem;min-height:2.75rem;border:1px solid var(--line);border-radius:8px}
        input:hover,select:hover,textarea:hover{border-color:var(--soft)}
        ::placeholder{color:var(--soft);opacity:1}
        textarea{min-height:8rem;resize:vertical}
        [aria-invalid=true]{border-color:var(--bad);border-width:2px}
        .fault{color:var(--bad);font-size:.9rem;margin:.3rem 0 0;font-weight:500}
        .hint{white-space:pre-line;color:var(--soft);font-size:.85rem;margin:.3rem 0 0}
        .value{white-space:pre-wrap;overflow-wrap:anywhere;margin:0}
        .notice{border-radius:var(--radius);padding:.8rem 1rem;margin-bottom:1.25rem;\
        background:var(--wash)}
        .notice.bad{background:var(--bad-wash);color:var(--bad)}
        .notice.good{background:var(--good-wash);color:var(--good)}
        .notice.warn{background:var(--warn-wash);color:var(--warn)}
        .notice p{margin:.25rem 0 0}
        .actions{display:flex;gap:.6rem;flex-wrap:wrap;margin-top:1.25rem}
        .changes{list-style:none;margin:0;padding:0}
        .changes>li{padding:.8rem 0;border-top:1px solid var(--line)}
        .changes>li:first-child{border-top:0;padding-top:0}
        .changes dl{margin:.4rem 0 0;display:grid;grid-template-columns:minmax(5rem,10rem) 1fr;\
        gap:.2rem .9rem;\
        font-size:.9rem}
        .changes dt{color:var(--soft);overflow-wrap:anywhere}
        .changes dd{margin:0;overflow-wrap:anywhere;white-space:pre-wrap}
        .old{text-decoration:line-through;color:var(--soft)}
        details summary{cursor:pointer;color:var(--bad);font-weight:600;padding:.4rem 0}
        .problem dt{font-weight:600;margin-top:.9rem}
        .problem dd{margin:.15rem 0 0}
        .status{font-size:.85rem;color:var(--soft)}
        footer{padding:1rem 1.25rem 1.5rem;text-align:center;color:var(--soft);font-size:.8rem}
        @media(max-width:30rem){main{padding:1rem .8rem}.card{padding:1rem}\
        .bar>div{padding:.5rem .8rem}.who form{display:none}\
        th,td{padding:.5rem .6rem}th[scope=row]{min-width:9rem}\
        .changes dl{grid-template-columns:1fr}.changes dd{margin-bottom:.4rem}\
        .actions .button{flex:1}}
        @media print{.bar,.actions,.filter,.pager,footer,details{display:none}}
        """
}
