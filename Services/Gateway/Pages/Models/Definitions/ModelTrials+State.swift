import Contracts
import HTTP
import JSON
import RPC

/// What stands behind a definition: a mailbox with its ledger, a job with its runs, and buttons to
/// read or run them now.
extension ModelTrials {
    /// Entries of a ledger that are shown.
    private static let shownRows = 10

    func state(_ place: Place) async throws -> HTML {
        guard place.code != nil else { return .nothing }
        do {
            switch place.part {
            case .mailboxes: return try await mailbox(place)
            case .jobs: return try await job(place)
            case .imports, .exports, .syncs: return try await runs(place)
            default: return .nothing
            }
        } catch let problem as Problem where problem.status != 401 {
            return tag(.section, .class("card quiet")) {
                problem.status >= 500
                    ? place.texts.awayHere : problem.detail ?? problem.title
            }
        }
    }

    private func full(_ place: Place) -> FullCode {
        FullCode(model: place.standing.code, code: place.code ?? "")
    }

    private func button(_ place: Place, _ text: String) -> HTML {
        tag(.form, .post, .action(place.link)) {
            desk.pages.csrf(place.caller)
            tag(.div, .class("actions")) {
                tag(.button, .class("button"), .type("submit"), .name("_do"), .value("run")) {
                    text
                }
            }
        }
    }

    // MARK: Mailboxes

    private func mailbox(_ place: Place) async throws -> HTML {
        let code = full(place).description
        let mail = desk.pages.mail
        let state = try JSONValue(
            parsing: try await mail.forward(GetMailbox(mailbox: code), as: place.context).bytes)
        let ledger = try JSONValue(
            parsing: try await mail.forward(
                ListIntake(
                    mailbox: code, state: nil, limit: ModelTrials.shownRows, cursor: nil),
                as: place.context
            ).bytes)
        let texts = place.texts
        return tag(.section, .class("card"), .id("state")) {
            tag(.h2) { texts.modelMailboxNow }
            tag(.dl, .class("facts")) {
                tag(.dt) { texts.state }
                tag(.dd) { tag(.span, .class("chip")) { state["state"]?.string ?? "" } }
                if let last = state["lastRead"]?.string {
                    tag(.dt) { texts.modelLastRead }
                    tag(.dd) { texts.moment(last) }
                }
                if let problem = state["problem"], !problem.isNull {
                    tag(.dt) { texts.modelProblem }
                    tag(.dd) { problem["detail"]?.string ?? problem.string ?? problem.text }
                }
            }
            button(place, texts.modelReadNow)
            let items = ledger["items"]?.array ?? []
            if items.isEmpty {
                tag(.p, .class("quiet")) { texts.modelNoMail }
            } else {
                tag(.div, .class("scroll"), .fixed("tabindex", "0"), .aria(.label, texts.mail)) {
                    tag(.table) {
                        tag(.caption) { texts.modelLedger }
                        tag(.tbody) { for item in items { entry(item, texts) } }
                    }
                }
            }
        }
    }

    private func entry(_ item: JSONValue, _ texts: Texts) -> HTML {
        tag(.tr) {
            tag(.th, .fixed("scope", "row"), .class("number")) {
                item["number"]?.integer.map(String.init) ?? ""
            }
            tag(.td, .class("short")) { texts.moment(item["received"]?.string ?? "") }
            tag(.td, .class("short")) {
                tag(.span, .class("chip")) { item["state"]?.string ?? "" }
            }
            tag(.td) {
                if let record = item["record"]?.string { ModelTrials.record(record) }
                if let problem = item["problem"], !problem.isNull {
                    problem["detail"]?.string ?? problem.string ?? problem.text
                }
            }
        }
    }

    /// A link to `model.class/id`.
    private static func record(_ text: String) -> HTML {
        let parts = text.split { $0 == "." || $0 == "/" }.map(String.init)
        guard parts.count == 3 else { return HTML(text) }
        return tag(.a, .href(Link("m", parts[0], parts[1], parts[2]))) { text }
    }

    // MARK: Jobs

    private func job(_ place: Place) async throws -> HTML {
        let call = ListJobRuns(job: full(place), limit: ModelTrials.shownRows)
        let runs = try JSONValue(
            parsing: try await desk.pages.workflow.forward(call, as: place.context).bytes)
        let texts = place.texts
        return tag(.section, .class("card"), .id("state")) {
            tag(.h2) { texts.modelRuns }
            button(place, texts.modelRunNow)
            let items = runs["items"]?.array ?? []
            if items.isEmpty {
                tag(.p, .class("quiet")) { texts.modelNoRuns }
            } else {
                tag(
                    .div, .class("scroll"), .fixed("tabindex", "0"), .aria(.label, texts.modelRuns)
                ) {
                    tag(.table) {
                        tag(.caption) { texts.modelLedger }
                        tag(.tbody) {
                            for item in items {
                                tag(.tr) {
                                    tag(.th, .fixed("scope", "row"), .class("short")) {
                                        texts.moment(item["planned"]?.string ?? "")
                                    }
                                    tag(.td, .class("short")) { chip(item) }
                                    tag(.td) {
                                        item["reason"]?.string ?? item["problem"]?["detail"]?
                                            .string ?? ""
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    private func chip(_ item: JSONValue) -> HTML {
        let state = item["state"]?.string ?? ""
        switch state {
        case "succeeded": return tag(.span, .class("chip good")) { state }
        case "failed", "missed": return tag(.span, .class("chip bad")) { state }
        default: return tag(.span, .class("chip")) { state }
        }
    }

    // MARK: Runs of Batch

    private func runs(_ place: Place) async throws -> HTML {
        guard place.caller.identity?.may(Permissions.batchOperate) == true else { return .nothing }
        let call = ListRuns(
            definition: full(place).description, limit: ModelTrials.shownRows)
        let answer = try JSONValue(
            parsing: try await desk.pages.batch.forward(call, as: place.context).bytes)
        let texts = place.texts
        let items = (answer["items"]?.array ?? []).filter {
            let kind = $0["kind"]?.string
            return kind == place.part.kind || kind == "undo" && place.part == .imports
        }
        return tag(.div, .id("state")) {
            if place.part == .imports { importing(place) }
            tag(.section, .class("card")) {
                tag(.h2) { texts.modelRuns }
                if place.part != .imports {
                    tag(.p, .class("hint")) { texts.modelTryHint(place.part) }
                    button(place, texts.modelRunNow)
                }
                if items.isEmpty {
                    tag(.p, .class("quiet")) { texts.modelNoRuns }
                } else {
                    tag(
                        .div, .class("scroll"), .fixed("tabindex", "0"),
                        .aria(.label, texts.modelRuns)
                    ) {
                        tag(.table) {
                            tag(.caption) { texts.modelRuns }
                            tag(.tbody) { for item in items { run(item, place) } }
                        }
                    }
                }
            }
        }
    }

    private func run(_ item: JSONValue, _ place: Place) -> HTML {
        let number = String(item["run"]?.integer ?? 0)
        return tag(.tr) {
            tag(.th, .fixed("scope", "row")) {
                tag(.a, .href(Link("runs", number))) { "#" + number }
            }
            tag(.td, .class("short")) { place.texts.moment(item["started"]?.string ?? "") }
            tag(.td, .class("short")) { chip(item) }
            tag(.td) {
                if place.part == .syncs {
                    switch item["verified"] {
                    case .boolean(true)?:
                        tag(.span, .class("chip good")) { place.texts.modelVerified }
                        " "
                        place.texts.moment(item["verifiedThrough"]?.string ?? "")
                    case .boolean(false)?:
                        tag(.span, .class("chip bad")) { place.texts.modelNotVerified }
                    default: ""
                    }
                }
                item["problem"]?["detail"]?.string ?? ""
            }
        }
    }

    // MARK: Imports

    private func importing(_ place: Place) -> HTML {
        let texts = place.texts
        return tag(.section, .class("card")) {
            tag(.h2) { texts.modelImportTry }
            tag(.p, .class("hint")) { texts.modelTryHint(.imports) }
            tag(
                .form, .post, .fixed("enctype", "multipart/form-data"),
                .action(
                    Link("models", place.standing.code, "imports", place.code ?? "", "plan"))
            ) {
                desk.pages.csrf(place.caller)
                file(texts)
                tag(.div, .class("actions")) {
                    tag(.button, .class("button"), .type("submit")) { texts.modelPlanFile }
                }
            }
        }
    }

    private func file(_ texts: Texts) -> HTML {
        tag(.div, .class("field")) {
            tag(.label, .for("file")) { texts.modelFile }
            tag(.input, .type("file"), .id("file"), .name("file"), .required)
        }
    }

    /// A sample file, whose columns a new import is begun with.
    func sampleForm(_ place: Place) -> HTML {
        let texts = place.texts
        let classes = place.standing.definitions(.classes)
        let type = place.original["class"]?.string
        return tag(
            .form, .class("card"), .post, .fixed("enctype", "multipart/form-data"),
            .action(Link("models", place.standing.code, "sample"))
        ) {
            tag(.h2) { texts.modelSample }
            tag(.p, .class("hint")) { texts.modelSampleHint }
            desk.pages.csrf(place.caller)
            tag(.div, .class("grid")) {
                tag(.div, .class("field")) {
                    tag(.label, .for("sample-class")) { texts.modelMember("class") }
                    tag(.select, .id("sample-class"), .name("class")) {
                        for item in classes {
                            let code = item["code"]?.string ?? ""
                            tag(.option, .value(code), code == type ? .selected : nil) {
                                ModelStanding.name(of: item, texts)
                            }
                        }
                    }
                }
                file(texts)
            }
            tag(.div, .class("actions")) {
                tag(.button, .class("button"), .type("submit")) { texts.modelPropose }
            }
        }
    }

    // MARK: Acting

    /// Reads a mailbox or runs a job, an export or a synchronization now.
    func run(_ place: Place) async throws -> Response {
        let pages = desk.pages
        let code = full(place)
        // What the API asks for too, beyond the right to change models.
        switch place.part {
        case .mailboxes: try ModelTrials.require(Permissions.mailSend, place.caller)
        case .jobs: try ModelTrials.require(Permissions.workflowOperate, place.caller)
        default: try ModelTrials.require(Permissions.batchOperate, place.caller)
        }
        switch place.part {
        case .mailboxes:
            _ = try await pages.mail.forward(
                ReadMailbox(mailbox: code.description), as: place.context)
            return pages.redirect(to: place.link, saying: "done")
        case .jobs:
            _ = try await pages.workflow.forward(RunJob(job: code), as: place.context)
            return pages.redirect(to: place.link, saying: "done")
        case .exports:
            let answer = try await pages.batch.forward(
                StartExport(definition: code), as: place.context)
            return try ModelTrials.toRun(answer)
        case .syncs:
            let answer = try await pages.batch.forward(
                StartSync(definition: code), as: place.context)
            return try ModelTrials.toRun(answer)
        default: throw Problem.notFound()
        }
    }

    static func require(_ permission: String, _ caller: Caller) throws {
        guard caller.identity?.may(permission) == true else {
            throw Problem.forbidden("It needs \(permission).")
        }
    }

    static func toRun(_ answer: JSONBytes) throws -> Response {
        let run = try JSONValue(parsing: answer.bytes)["run"]?.integer ?? 0
        return PageFrame.redirect(to: Link("runs", String(run)))
    }
}
