/// Boards, and the further links of tiles.
extension Stylesheet {
    static let board = """
        .board{display:flex;gap:.9rem;align-items:flex-start;background:none;border:0;\
        box-shadow:none;padding-bottom:.6rem}
        .lane{flex:1 0 15rem;max-width:22rem;min-height:8rem;background:var(--card);\
        border:1px solid var(--line);border-radius:var(--radius);padding:.8rem}
        .lane.over{border-color:var(--accent);background:var(--wash)}
        .lane h2{font-size:.95rem;margin-bottom:.6rem}
        .ticket{background:var(--ground);border:1px solid var(--line);border-radius:8px;\
        padding:.6rem .7rem;margin-bottom:.6rem;font-size:.9rem}
        .ticket[draggable=true]{cursor:grab}
        .ticket>a{font-weight:600;overflow-wrap:anywhere;color:inherit;text-decoration:none}
        .ticket>a:hover{text-decoration:underline}
        .ticket>div{display:flex;flex-wrap:wrap;gap:.1rem .8rem;margin-top:.25rem}
        .move{display:flex;gap:.4rem;margin:.5rem 0 0}
        .move select{min-height:2rem;padding:.2rem .4rem;font-size:.85rem;flex:1;min-width:0}
        .tiles li:has(.plain)>a{height:auto}
        .tiles .plain{margin:.35rem 0 0 1.1rem;font-size:.92rem}
        .tiles .plain a{display:inline;background:none;border:0;box-shadow:none;padding:.2rem 0;\
        color:var(--accent);text-decoration:underline}
        .t0{--tint:var(--s0)}.t1{--tint:var(--s1)}.t2{--tint:var(--s2)}.t3{--tint:var(--soft)}\
        .t4{--tint:var(--s3)}.t5{--tint:var(--bad)}
        .t0,.t1,.t2,.t3,.t4,.t5{background:color-mix(in srgb,var(--tint) 16%,var(--card))}
        section>h2{margin-top:1.2rem}
        .lane>h2,.card>h2{margin-top:0}
        .seek.wide{max-width:none;margin-bottom:1rem}
        .pop [aria-current]{font-weight:700;color:inherit;text-decoration:none}
        """
}
