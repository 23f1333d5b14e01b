import RPC
import ServiceRuntime

/// The five services with their health and the last hour in small charts.
struct ServicePart {
    let monitor: ServiceMonitor
    let environment: String
    let texts: Texts

    func show() async -> HTML {
        var cards: [HTML] = []
        var areOff = false
        for name in ServiceMonitor.services {
            let history = await monitor.history(of: name)
            areOff = areOff || history.last?.integrationsOn == false
            cards.append(card(name, history))
        }
        return tag(.section, .aria(.labelledBy, "services")) {
            if areOff {
                tag(.div, .class("notice warn"), .role(.status)) { texts.killSwitchOff }
            }
            tag(.h2, .id("services")) { texts.services }
            tag(.p, .class("quiet")) {
                "\(texts.environment): \(environment) · \(texts.killSwitch): "
                    + (areOff ? texts.off : texts.on)
            }
            tag(.div, .class("tiles")) { for card in cards { card } }
        }
    }

    private func card(_ name: String, _ history: [ServiceMonitor.Sample]) -> HTML {
        let last = history.last
        let rates = ServicePart.rates(history)
        return tag(.div, .class("card health")) {
            tag(.h3) { name }
            Parts.state(last?.isUp == true ? "ready" : "away", texts)
            if let last, last.isUp {
                line(
                    texts.answersASecond, rates.last.flatMap { $0 }.map(ServicePart.short) ?? "—",
                    rates)
                line(
                    texts.memory, texts.bytes(Int64(last.residentBytes)),
                    history.map { $0.isUp ? $0.residentBytes : nil })
                if name != "gateway" {
                    line(
                        texts.queue, texts.number(Int64(last.depth)),
                        history.map { $0.isUp ? $0.depth : nil })
                    line(
                        texts.oldest,
                        texts.duration(milliseconds: Int64(last.oldestDueSeconds * 1000)),
                        history.map { $0.isUp ? $0.oldestDueSeconds : nil })
                }
            }
        }
    }

    private func line(_ name: String, _ value: String, _ values: [Double?]) -> HTML {
        tag(.div, .class("measure")) {
            tag(.span, .class("quiet")) { name }
            tag(.strong) { value }
            Sparkline.chart(values, "\(name), \(texts.lastHour)")
        }
    }

    /// Answers a second between one sample and the next; nil where the service began anew.
    private static func rates(_ history: [ServiceMonitor.Sample]) -> [Double?] {
        zip(history, history.dropFirst()).map { old, new in
            let seconds = Double(new.time.milliseconds - old.time.milliseconds) / 1000
            guard old.isUp, new.isUp, seconds > 0, new.answers >= old.answers else { return nil }
            return (new.answers - old.answers) / seconds
        }
    }

    private static func short(_ value: Double) -> String {
        let tenths = Int64((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }
}
