import RPC

/// The pages about people, one beside the other.
enum PeopleTab: CaseIterable {
    case accounts, roles, organization, explain, audit

    var link: Link {
        switch self {
        case .accounts: Link("people")
        case .roles: Link("roles")
        case .organization: Link("org")
        case .explain: Link("explain")
        case .audit: Link("audit")
        }
    }

    private func name(_ texts: Texts) -> String {
        switch self {
        case .accounts: texts.accounts
        case .roles: texts.roles
        case .organization: texts.organization
        case .explain: texts.whyMay
        case .audit: texts.audit
        }
    }

    static func show(_ chosen: PeopleTab, _ caller: Caller) -> HTML {
        let texts = caller.texts
        let open = allCases.filter { tab in
            switch tab {
            case .explain: true
            case .audit: caller.identity?.may(Permissions.operationsRead) == true
            default: caller.identity?.may(Permissions.accountsWrite) == true
            }
        }
        return Parts.tabs(
            texts.people, open.map { ($0.name(texts), $0.link, isChosen: $0 == chosen) })
    }
}
