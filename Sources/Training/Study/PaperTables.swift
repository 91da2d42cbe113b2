internal import Screening

/// The figures of Murugesan et al. (2019), Tables 1 to 3, to be set beside ours.
enum PaperTables {
    /// The paper's name of a network.
    static let names = [
        "1enc-1dec-m": "1Enc 1Dec M (U-Net)", "1enc-2dec-mc": "1Enc 2Dec MC (DCAN)", "1enc-2dec-md": "1Enc 2Dec MD",
        "1enc-1dec-conv-mc": "1Enc 1Dec + Conv MC", "1enc-1dec-conv-md": "1Enc 1Dec + Conv MD",
    ]

    /// Dice and Jaccard by architecture and task (Table 1).
    static let one: [String: [ModelTask: (dice: Double, jaccard: Double)]] = [
        "1enc-1dec-m": [.cup: (0.8655, 0.7712), .disc: (0.9586, 0.9215), .polyp: (0.8125, 0.7323)],
        "1enc-2dec-mc": [.cup: (0.8715, 0.7803), .disc: (0.9646, 0.9324), .polyp: (0.8151, 0.7391)],
        "1enc-2dec-md": [.cup: (0.8723, 0.7807), .disc: (0.9665, 0.9358), .polyp: (0.8283, 0.7482)],
        "1enc-1dec-conv-mc": [.cup: (0.8717, 0.7798), .disc: (0.9643, 0.9318), .polyp: (0.8152, 0.7383)],
        "1enc-1dec-conv-md": [.cup: (0.8721, 0.7805), .disc: (0.9662, 0.9348), .polyp: (0.8291, 0.7514)],
    ]

    /// Milliseconds of one image by architecture, on the paper's GPU (Table 2).
    static let milliseconds = [
        "1enc-1dec-m": 1.3131, "1enc-2dec-mc": 1.8677, "1enc-2dec-md": 1.8531, "1enc-1dec-conv-mc": 1.3384,
        "1enc-1dec-conv-md": 1.3235,
    ]

    /// Dice and Jaccard by distance map and task (Table 3).
    static let three: [DistanceMap: [ModelTask: (dice: Double, jaccard: Double)]] = [
        .outside: [.cup: (0.8727, 0.7812), .disc: (0.9667, 0.9362), .polyp: (0.7891, 0.7020)],
        .absolute: [.cup: (0.8704, 0.7779), .disc: (0.9667, 0.9362), .polyp: (0.8222, 0.7396)],
        .signed: [.cup: (0.8736, 0.7831), .disc: (0.9666, 0.9361), .polyp: (0.8291, 0.7514)],
    ]
}
