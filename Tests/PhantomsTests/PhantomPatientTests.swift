import Foundation
import Imaging
import Phantoms
import Screening
import TestSupport
import Testing

@Suite("Phantom patients")
struct PhantomPatientTests {
    /// The tallest column of the cup over that of the disc.
    private func ratio(_ mask: GreyImage) -> Double {
        func tallest(_ level: UInt8) -> Double { Double(mask.mask(atLeast: level).components().map(\.box.height).max() ?? 0) }
        return tallest(255) / max(1, tallest(128))
    }

    @Test("An eye that stays keeps its ratio, one that widens grows as stated, in every pose")
    func progression() {
        for patient in 1...4 {
            for (eye, yearly) in [(Eye.right, 0.0), (.left, 0.06)] {
                let phantom = PhantomEye(seed: 5, patient: patient, eye: eye, yearly: yearly, years: 5)
                #expect(phantom.start + yearly * 5 <= 0.9 + 1e-9 && phantom.eye == eye)
                for years in [0.0, 2.5, 5] {
                    let shot = phantom.photograph(after: years, number: Int(years * 2), width: 400, height: 400, view: .disc)
                    #expect(abs(phantom.ratio(after: years) - phantom.start - yearly * years) < 1e-9)
                    #expect(abs(ratio(shot.mask) - phantom.ratio(after: years)) < 0.05, "\(patient) \(eye) \(years)")
                    #expect(shot.eye == eye && shot.mask.mask(atLeast: 128).components().count == 1)
                }
            }
        }
    }

    @Test("Each photograph is another one, of the same eye, and the same again from the same numbers")
    func photographs() {
        let eye = PhantomEye(seed: 9, patient: 2, eye: .left, yearly: 0, years: 3)
        func shot(_ number: Int) -> Phantom { eye.photograph(after: 1, number: number, width: 160, height: 160) }
        let first = shot(1), second = shot(2)
        #expect(first.raster == shot(1).raster && first.mask == shot(1).mask)
        #expect(first.raster != second.raster && first.mask != second.mask)
        let discs = [first, second].map { $0.mask.mask(atLeast: 128).components().map(\.box.height).max() ?? 0 }
        #expect(abs(discs[0] - discs[1]) < 6)
        #expect(
            PhantomEye(seed: 9, patient: 3, eye: .left, yearly: 0, years: 3).photograph(
                after: 1, number: 1, width: 160, height: 160
            ).raster != first.raster)
    }

    @Test("A set has a sidecar beside each image, identifiers of one length, visits in order, and patients in one split each")
    func folder() throws {
        let temporary = try TemporaryFolder("patients")
        let folder = temporary.path + "/set"
        let patients = PhantomPatients(count: 3, visits: 3, progression: 0.02, photographs: 2, view: .disc)
        var progress = 0
        try PhantomSet.write(patients: patients, seed: 4, to: folder) { progress = $0 }
        #expect(progress == 36 && patients.total == 36)
        let text = try String(contentsOfFile: folder + "/manifest.csv", encoding: .utf8)
        let lines = text.split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        let names = lines[0]
        let rows = lines.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(names, $0)) }
        #expect(rows.count == 36 && rows.allSatisfy { $0.count == 17 })
        #expect(Set(rows.compactMap { $0["patient"] }) == ["PHANTOM-0001", "PHANTOM-0002", "PHANTOM-0003"])
        var splits: [String: Set<String>] = [:]
        for row in rows {
            splits[row["group"] ?? "", default: []].insert(row["split"] ?? "")
            let image = try #require(row["image"])
            let sidecar = try #require(
                try JSONSerialization.jsonObject(
                    with: Data(contentsOf: URL(filePath: "\(folder)/\(image.replacing(".jpg", with: ".json"))")))
                    as? [String: String])
            #expect(sidecar == ["patient": row["patient"], "eye": row["eye"], "taken": row["taken"]])
            #expect(Timestamp(row["taken"] ?? "").map { $0 < .now } == true)
            let mask = try ImageDecoder.decodeMask(
                [UInt8](Data(contentsOf: URL(filePath: "\(folder)/\(try #require(row["mask"]))"))))
            #expect(abs(ratio(mask) - (Double(row["ratio"] ?? "") ?? 0)) < 0.05)
        }
        #expect(splits.values.allSatisfy { $0.count == 1 } && splits.count == 3)
        for patient in 1...3 {
            let own = rows.filter { $0["patient"] == PhantomPatients.identifier(patient) }
            // One eye widens, the other stays.
            for eye in [Eye.right, .left] {
                let ratios = own.filter { $0["eye"] == eye.rawValue }.compactMap { Double($0["ratio"] ?? "") }
                let widens = PhantomPatients.widens(patient: patient, eye: eye)
                #expect(ratios.count == 6 && (widens ? ratios[5] > ratios[0] + 0.03 : ratios[5] == ratios[0]))
            }
            let times = own.filter { $0["eye"] == "right" }.compactMap { $0["taken"] }
            #expect(times == times.sorted() && Set(times.map { $0.prefix(10) }).count == 3)
        }
    }

    @Test("Numbers out of range are refused before anything is written")
    func refused() throws {
        let temporary = try TemporaryFolder("patients")
        for patients in [
            PhantomPatients(count: 0, visits: 1), PhantomPatients(count: 10_000, visits: 1),
            PhantomPatients(count: 1, visits: 61),
            PhantomPatients(count: 1, visits: 1, progression: 0.6), PhantomPatients(count: 1, visits: 1, progression: .nan),
            PhantomPatients(count: 1, visits: 1, months: 0), PhantomPatients(count: 1, visits: 1, photographs: 9),
        ] {
            let error = #expect(throws: PapillaError.self) {
                try PhantomSet.write(patients: patients, seed: 1, to: temporary.path + "/set")
            }
            #expect(error?.code == .badInput)
        }
        #expect(!FileManager.default.fileExists(atPath: temporary.path + "/set"))
        #expect(PhantomPatients.identifier(7) == "PHANTOM-0007" && PhantomPatients.identifier(9999) == "PHANTOM-9999")
    }
}
