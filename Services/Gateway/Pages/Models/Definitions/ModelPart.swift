import JSON

/// The lists of a model document that have pages, in the order of the pages.
enum ModelPart: String, Sendable, CaseIterable {
    case classes, rules, workflows, scripts, events, jobs, mailboxes, notifications,
        distributionGroups, imports, exports, syncs, queries

    /// What a plan calls one of it.
    var kind: String {
        switch self {
        case .classes: "class"
        case .rules: "rule"
        case .workflows: "workflow"
        case .scripts: "script"
        case .events: "event"
        case .jobs: "job"
        case .mailboxes: "mailbox"
        case .notifications: "notification"
        case .distributionGroups: "distribution group"
        case .imports: "import"
        case .exports: "export"
        case .syncs: "sync"
        case .queries: "query"
        }
    }

    /// What of a definition tells most, in a word or two for a list.
    func summary(_ definition: JSONValue, _ texts: Texts) -> String {
        func text(_ member: String) -> String { definition[member]?.string ?? "" }
        let parts: [String]
        switch self {
        case .classes:
            parts = [texts.modelColumnCount(Int64(definition["columns"]?.array?.count ?? 0))]
        case .rules: parts = [text("class"), texts.modelMoment(text("on"))]
        case .workflows:
            parts = [
                text("class"), texts.modelStepCount(Int64(definition["steps"]?.array?.count ?? 0)),
            ]
        case .scripts:
            parts = [String(text("source").split(separator: "\n").first ?? "").prefix(60) + ""]
        case .jobs:
            parts = [text("schedule"), definition["when"]?["column"]?.string ?? "", text("zone")]
        case .mailboxes:
            parts = [
                texts.modelWord(definition["source"]?["kind"]?.string ?? ""),
                definition["source"]?["path"]?.string ?? definition["source"]?["url"]?.string ?? "",
                "→ " + text("class"),
            ]
        case .notifications:
            parts = [ModelStanding.text(definition["subject"], texts) ?? ""]
        case .imports: parts = [text("format"), "→ " + text("class")]
        case .exports: parts = [text("from"), text("query"), "→ " + text("format")]
        case .syncs: parts = [text("class"), text("direction")]
        case .queries: parts = [text("sql").prefix(60) + ""]
        case .events: parts = [text("buffer")]
        case .distributionGroups:
            parts = [texts.number(Int64(definition["members"]?.array?.count ?? 0))]
        }
        return parts.filter { !$0.isEmpty }.joined(separator: " · ")
    }
}
