import HTTP
import JSON

/// What many pages are made of.
enum Parts {
    /// A heading with what can be done beside it.
    static func head(
        _ title: String, lead: String? = nil, @HTMLBuilder actions: () -> HTML = { .nothing }
    ) -> HTML {
        tag(.div, .class("head")) {
            tag(.div) {
                tag(.h1) { title }
                if let lead { tag(.p) { lead } }
            }
            tag(.div, .class("row")) { actions() }
        }
    }

    /// The way up.
    static func crumbs(_ texts: Texts, _ way: (Link, String)...) -> HTML {
        tag(.nav, .class("crumbs"), .aria(.label, texts.back)) {
            for (index, step) in way.enumerated() {
                index > 0 ? " / " : ""
                tag(.a, .href(step.0)) { step.1 }
            }
        }
    }

    /// A state as a coloured word.
    static func state(_ word: String, _ texts: Texts) -> HTML {
        let text = texts.word(word)
        switch word {
        case "failed", "quarantined", "undelivered", "uncertain", "failing", "missed", "away",
            "rejected", "refused", "dead-letter", "locked":
            return tag(.span, .class("chip bad")) { text }
        case "waiting", "paused", "deferred", "held", "staged", "late", "stopped", "planned",
            "queued", "skipped", "disabled", "cancelled", "expired":
            return tag(.span, .class("chip warn")) { text }
        case "done", "sent", "proved", "finished", "succeeded", "resolved", "ready", "enabled",
            "verified", "taken":
            return tag(.span, .class("chip good")) { text }
        default:
            return tag(.span, .class("chip")) { text }
        }
    }

    /// Names and values, one under the other; a nil value is left out.
    static func facts(_ facts: [(String, HTML?)]) -> HTML {
        tag(.dl, .class("facts")) {
            for case let (name, value?) in facts {
                tag(.dt) { name }
                tag(.dd) { value }
            }
        }
    }

    /// A table that scrolls by itself where it is too wide, or a word that there is nothing. The
    /// first cell of a row is what the row is about.
    static func table(
        _ caption: String, _ headings: [String], _ rows: [[HTML]], _ texts: Texts
    ) -> HTML {
        if rows.isEmpty { return tag(.div, .class("card blank")) { texts.nothingHere } }
        return tag(.div, .class("scroll"), .fixed("tabindex", "0"), .aria(.label, caption)) {
            tag(.table) {
                tag(.caption) { caption }
                tag(.thead) {
                    tag(.tr) {
                        for heading in headings { tag(.th, .fixed("scope", "col")) { heading } }
                    }
                }
                tag(.tbody) {
                    for row in rows {
                        tag(.tr) {
                            for (index, cell) in row.enumerated() {
                                index == 0
                                    ? tag(.th, .fixed("scope", "row")) { cell }
                                    : tag(.td) { cell }
                            }
                        }
                    }
                }
            }
        }
    }

    /// A button that does one thing to what is shown.
    static func act(
        _ label: String, _ link: Link, _ pages: Pages, _ caller: Caller, isBad: Bool = false,
        isMain: Bool = false
    ) -> HTML {
        tag(.form, .post, .action(link)) {
            pages.csrf(caller)
            pages.onceKey
            tag(
                .button,
                isBad
                    ? .class("button small bad")
                    : isMain ? .class("button small main") : .class("button small"),
                .type("submit")
            ) { label }
        }
    }

    /// Words to choose a list by, as links; the chosen one is marked.
    static func tabs(_ label: String, _ tabs: [(String, Link, isChosen: Bool)]) -> HTML {
        tag(.nav, .class("tabs"), .aria(.label, label)) {
            for (name, link, isChosen) in tabs {
                tag(.a, .href(link), isChosen ? .aria(.current, "page") : nil) { name }
            }
        }
    }

    /// To the next page of a list, and back to its beginning.
    static func pager(
        _ texts: Texts, cursor: String?, next: String?, _ link: (String?) -> Link
    ) -> HTML {
        if cursor == nil && next == nil { return .nothing }
        return tag(.nav, .class("pager"), .aria(.label, texts.nextPage)) {
            if cursor != nil { tag(.a, .class("button"), .href(link(nil))) { texts.firstPage } }
            if let next { tag(.a, .class("button"), .href(link(next))) { texts.nextPage } }
        }
    }

    /// A field with its label, its hint and what is wrong with it.
    static func field(
        _ id: String, _ label: String, note: String = "", fault: String? = nil,
        isWide: Bool = false, @HTMLBuilder input: () -> HTML
    ) -> HTML {
        tag(.div, isWide ? .class("field wide") : .class("field")) {
            tag(.label, .for(id)) {
                label
                tag(.small) { note }
            }
            input()
            if let fault { tag(.p, .class("fault"), .id("e-\(id)")) { fault } }
        }
    }

    /// A field of one line.
    static func text(
        _ id: String, _ label: String, _ value: String, note: String = "", fault: String? = nil,
        isNeeded: Bool = false, type: StaticString = "text"
    ) -> HTML {
        field(id, label, note: note, fault: fault) {
            tag(
                .input, .id(id), .name(id), .type(type), .value(value),
                isNeeded ? .required : nil, fault == nil ? nil : .aria(.invalid, "true"),
                fault == nil ? nil : .aria(.describedBy, "e-\(id)"))
        }
    }

    /// Of what a form was filled with, so that who saves it overwrites nothing newer.
    static func version(_ version: Int64?) -> HTML {
        tag(.input, .type("hidden"), .name("_version"), .value(version.map(String.init) ?? ""))
    }

    /// One of a few words.
    static func select(
        _ id: String, _ label: String, _ options: [(String, String)], chosen: String,
        note: String = "", fault: String? = nil
    ) -> HTML {
        field(id, label, note: note, fault: fault) {
            tag(.select, .id(id), .name(id)) {
                for (value, name) in options {
                    tag(.option, .value(value), value == chosen ? .selected : nil) { name }
                }
            }
        }
    }

    /// A box to tick.
    static func box(_ name: String, _ value: String, _ label: String, isTicked: Bool) -> HTML {
        tag(.label, .class("tick")) {
            tag(
                .input, .type("checkbox"), .name(name), .value(value),
                isTicked ? .checked : nil)
            label
        }
    }

    /// What could not be done, above a form.
    static func notice(_ problem: Problem?, at pointers: Set<String> = [], _ texts: Texts) -> HTML {
        guard let problem else { return .nothing }
        return tag(.div, .class("notice bad"), .role(.alert)) {
            tag(.strong) { problem.errors.isEmpty ? problem.title : texts.notSaved }
            for text in problem.sentences(without: pointers) { tag(.p) { text } }
        }
    }

    /// `model.class/id` as a link to the record; other texts as they are.
    static func record(_ value: JSONValue?) -> HTML? {
        guard let text = value?.string, !text.isEmpty else { return nil }
        let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
        let codes = (parts.first ?? "").split(separator: ".").map(String.init)
        guard parts.count == 2, codes.count == 2, Int64(parts[1]) != nil else { return HTML(text) }
        return tag(.a, .href(Link("m", codes[0], codes[1], parts[1]))) { text }
    }

    /// A time of the API's, or nil where there is none.
    static func time(_ value: JSONValue?, _ texts: Texts) -> HTML? {
        value?.string.map { texts.moment($0) }
    }

    /// JSON to look at: as it is, indented.
    static func json(_ value: JSONValue?) -> HTML? {
        guard let value, !value.isNull, value != .object(JSONObject()), value != .array([]) else {
            return nil
        }
        return tag(.pre, .class("code")) { JSONText.pretty(value) }
    }
}
