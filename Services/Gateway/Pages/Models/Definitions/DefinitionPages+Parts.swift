import HTTP
import JSON

/// What stands around the form of a definition.
extension DefinitionPages {
    func crumbs(_ place: Place) -> HTML {
        tag(.nav, .class("crumbs"), .aria(.label, place.texts.models)) {
            tag(.a, .href(Link("models"))) { place.texts.models }
            if place.standing.exists {
                tag(.a, .href(Link("models", place.standing.code))) {
                    place.standing.name(place.texts)
                }
            }
        }
    }

    func head(_ place: Place, _ title: String) -> HTML {
        let texts = place.texts
        return tag(.div, .class("head")) {
            tag(.div) {
                tag(.h1) { title }
                tag(.p, .class("quiet")) {
                    place.code == nil
                        ? place.standing.name(texts)
                        : "\(texts.modelKind(place.part)) · \(place.code ?? "")"
                }
            }
            if place.part == .classes, let code = place.code {
                tag(.a, .class("button"), .href(Link("m", place.standing.code, code))) {
                    texts.modelOpenList
                }
            }
            if place.part == .queries, let code = place.code {
                tag(.a, .class("button"), .href(Link("q", place.standing.code, code))) {
                    texts.show
                }
            }
            if place.part == .workflows, let code = place.code {
                tag(
                    .a, .class("button"),
                    .href(Link("workflows", "\(place.standing.code).\(code)"))
                ) { texts.modelDrawing }
            }
        }
    }

    func hidden(_ place: Place, _ form: Form?) -> HTML {
        tag(.div, .hidden) {
            // The first button of a form is the one that Enter presses.
            tag(.button, .type("submit"), .name("_do"), .value("plan"), .fixed("tabindex", "-1")) {
                place.texts.modelContinue
            }
            if place.code != nil {
                let base = form?["_base"] ?? ModelStanding.mark(of: place.original)
                tag(.input, .type("hidden"), .name("_base"), .value(base))
            }
            if !place.standing.exists, let name = place.standing.document["name"]?.string {
                tag(.input, .type("hidden"), .name("_model"), .value(name))
            }
        }
    }

    /// What a form of this kind can be begun with.
    func before(_ place: Place) -> HTML {
        guard place.part == .imports, place.code == nil else { return .nothing }
        return trials.sampleForm(place)
    }

    /// After something was made: what mostly comes next for its class.
    func whatNext(_ place: Place) -> HTML {
        let type = place.part == .classes ? place.code : place.original["class"]?.string
        guard let type, place.standing.codes(.classes).contains(type) else { return .nothing }
        let model = place.standing.code
        return tag(.nav, .class("card next"), .aria(.label, place.texts.modelNext)) {
            tag(.h2) { place.texts.modelNext }
            tag(.div, .class("actions")) {
                if place.part != .classes {
                    tag(.a, .class("button"), .href(Link("m", model, type))) {
                        place.texts.modelOpenList
                    }
                }
                tag(.a, .class("button"), .href(Link("m", model, type, "new"))) {
                    place.texts.modelFirstRecord
                }
                for part in [ModelPart.rules, .mailboxes, .imports, .classes] {
                    let about = part == .classes ? nil : type
                    let link = Link(
                        "models", model, "new", part.rawValue, query: [("class", about)])
                    tag(.a, .class("button"), .href(link)) { place.texts.modelNew(part) }
                }
            }
        }
    }
}
