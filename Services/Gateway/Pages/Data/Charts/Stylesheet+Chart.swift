/// Charts.
extension Stylesheet {
    static let chart = """
        :root{--s0:#3b5bdb;--s1:#0b7a75;--s2:#b45309;--s3:#86198f}
        @media(prefers-color-scheme:dark){:root{--s0:#8ea2ff;--s1:#5eead4;--s2:#fbbf6b;\
        --s3:#e9a8f2}}
        .chart{overflow-x:auto}
        .chart svg{display:block;width:100%;min-width:34rem;height:auto}
        .chart text{font-size:12px;fill:var(--soft)}
        .grid-line line{stroke:var(--line)}
        .s0{fill:var(--s0)}.s1{fill:var(--s1)}.s2{fill:var(--s2)}.s3{fill:var(--s3)}
        polyline[class]{fill:none;stroke-width:2;stroke:var(--s0)}
        polyline.s1[class]{stroke:var(--s1)}polyline.s2[class]{stroke:var(--s2)}\
        polyline.s3[class]{stroke:var(--s3)}
        .swatch{width:.8rem;height:.8rem}
        """
}
