import HTTP
import RPC

/// What is around every page: head, bar, environment, main, footer.
struct PageFrame: Sendable {
    let environment: String
    let cookies: SessionCookies

    /// How wide the content may be.
    enum Width {
        case full, reading, narrow
    }

    /// The part of the pages that a page belongs to.
    enum Section: CaseIterable {
        case home, work, mail, workflows, operations, people, models, help

        var link: Link {
            switch self {
            case .home: .home
            case .work: Link("tasks")
            case .mail: Link("mail")
            case .workflows: Link("workflows")
            case .operations: Link("operations")
            case .people: Link("people")
            case .models: Link("models")
            case .help: Link("docs")
            }
        }

        /// What one must hold to find anything there; nil for nothing.
        var permission: String? {
            switch self {
            case .home, .work, .help: nil
            case .mail: Permissions.mailRead
            case .workflows, .operations: Permissions.operationsRead
            case .people: Permissions.accountsWrite
            case .models: Permissions.modelsWrite
            }
        }

        func name(_ texts: Texts) -> String {
            switch self {
            case .home: texts.home
            case .work: texts.myWork
            case .mail: texts.mail
            case .workflows: texts.workflows
            case .operations: texts.operations
            case .people: texts.people
            case .models: texts.models
            case .help: texts.helpAndAPI
            }
        }
    }

    /// A page for `caller`, in another language than the caller's where that is said. `focus` is
    /// left to the browser: one `autofocus` at most in the content.
    func page(
        _ title: String, _ caller: Caller, status: Int = 200, width: Width = .full,
        section: Section? = nil, language: String? = nil, @HTMLBuilder content: () -> HTML
    ) -> Response {
        let texts = caller.texts
        let body = content()
        let bytes = HTML.document {
            tag(.html, .lang(language ?? texts.language)) {
                head("\(title) · Geartrain")
                tag(.body) {
                    tag(.a, .class("skip"), .fixed("href", "#main")) { texts.skip }
                    bar(caller, texts)
                    if let identity = caller.identity { ways(identity, section, texts) }
                    main(width, body)
                    tag(.footer, .id("end")) { "Geartrain" }
                }
            }
        }
        return Response(status: status, headers: PageFrame.headers, body: .bytes(bytes))
    }

    /// Nothing but our own stylesheet, script, icon and forms; a frame is one of ours.
    static let headers: Headers = [
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy":
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
            + "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
            + "frame-ancestors 'none'",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
    ]

    /// After a form: the page that shows what came of it.
    static func redirect(to link: Link, cookie: String? = nil) -> Response {
        var headers: Headers = ["Location": link.text, "Cache-Control": "no-store"]
        if let cookie { headers.add("Set-Cookie", cookie) }
        return Response(status: 303, headers: headers)
    }

    private func head(_ title: String) -> HTML {
        tag(.head) {
            tag(.meta, .fixed("charset", "utf-8"))
            tag(
                .meta, .fixed("name", "viewport"),
                .fixed("content", "width=device-width, initial-scale=1"))
            tag(.title) { title }
            tag(
                .link, .fixed("rel", "stylesheet"),
                .href(Link("assets", Stylesheet.shared.name)))
            tag(
                .link, .fixed("rel", "icon"), .fixed("type", "image/svg+xml"),
                .href(Link("assets", "icon.svg")))
            // A page is small and shown once it is whole: a table that grows while it is looked at
            // would move what one reads.
            tag(
                .link, .fixed("rel", "expect"), .fixed("href", "#end"),
                .fixed("blocking", "render"))
            tag(
                .script, .fixed("defer", ""), .fixed("blocking", "render"),
                .source(Link("assets", Script.shared.name)))
        }
    }

    private func bar(_ caller: Caller, _ texts: Texts) -> HTML {
        tag(.header, .class("bar")) {
            tag(.div) {
                tag(.a, .class("brand"), .href(.home)) {
                    PageFrame.logo
                    "Geartrain"
                }
                place
                if let identity = caller.identity {
                    tag(.form, .class("find"), .get, .action(Link("search")), .role(.search)) {
                        tag(
                            .input, .type("search"), .name("q"), .placeholder(texts.search),
                            .aria(.label, texts.search))
                    }
                    who(identity, texts)
                }
            }
        }
    }

    /// The ways that are open to the caller.
    private func ways(_ identity: Identity, _ section: Section?, _ texts: Texts) -> HTML {
        tag(.nav, .class("ways"), .aria(.label, texts.menu)) {
            tag(.div) {
                for way in Section.allCases where way.permission.map(identity.may) ?? true {
                    tag(.a, .href(way.link), way == section ? .aria(.current, "page") : nil) {
                        way.name(texts)
                    }
                }
            }
        }
    }

    /// The environment, in a colour of its own where it is a serious one.
    private var place: HTML {
        switch environment {
        case "production": tag(.span, .class("place production")) { environment }
        case "acceptance": tag(.span, .class("place acceptance")) { environment }
        case "test": tag(.span, .class("place test")) { environment }
        default: tag(.span, .class("place")) { environment }
        }
    }

    private func who(_ identity: Identity, _ texts: Texts) -> HTML {
        tag(.div, .class("who")) {
            tag(
                .a, .href(Link("me")), .title(texts.yourAccount),
                .data("account", identity.principal.account)
            ) { identity.name }
            if !identity.csrf.isEmpty {
                tag(.form, .post, .action(.logout)) {
                    csrf(identity.csrf)
                    tag(.button, .class("button small"), .type("submit")) { texts.logOut }
                }
            }
        }
    }

    private func main(_ width: Width, _ content: HTML) -> HTML {
        switch width {
        case .full: tag(.main, .id("main")) { content }
        case .reading: tag(.main, .id("main"), .class("reading")) { content }
        case .narrow: tag(.main, .id("main"), .class("narrow")) { content }
        }
    }

    /// The hidden field that every form carries.
    func csrf(_ csrf: [UInt8]) -> HTML {
        tag(.input, .type("hidden"), .name("_csrf"), .value(cookies.formToken(csrf)))
    }

    private static let logo = tag(
        .svg, .fixed("viewBox", "0 0 32 32"), .aria(.hidden, "true")
    ) {
        tag(
            .rect, .fixed("width", "32"), .fixed("height", "32"), .fixed("rx", "8"),
            .fixed("fill", "#3b5bdb"))
        tag(
            .circle, .fixed("cx", "12"), .fixed("cy", "19"), .fixed("r", "5.5"),
            .fixed("fill", "none"), .fixed("stroke", "#fff"), .fixed("stroke-width", "2.6"))
        tag(
            .circle, .fixed("cx", "21.5"), .fixed("cy", "11"), .fixed("r", "3.6"),
            .fixed("fill", "none"), .fixed("stroke", "#fff"), .fixed("stroke-width", "2.6"))
    }
}
