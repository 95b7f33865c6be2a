use std::io::*;
use std::time::Instant;
use trendpipe::topic::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let k: usize = a[1].parse().unwrap();
    let it: u32 = a[2].parse().unwrap();
    let seed: u64 = a[3].parse().unwrap();
    let mut b = CorpusBuilder::default();
    let mut s = String::new();
    std::fs::File::open(&a[5]).unwrap().read_to_string(&mut s).unwrap();
    for l in s.lines() {
        b.push(l.split_whitespace());
    }
    let c = b.finish(WordLimits { min_texts: 1, max_part: 1.0, most: 0 }).unwrap();
    let st = Settings { topics: k, iterations: it, alpha: 0.1, beta: 0.01, seed };
    let t = Instant::now();
    let m = if a[4] == "lda" {
        let mut l = Lda::new(&c, st, Start::default());
        for _ in 0..it {
            l.sweep();
        }
        l.model()
    } else {
        let mut l = Gsdmm::new(&c, st, Start::default());
        for _ in 0..it {
            l.sweep();
        }
        l.model()
    };
    let e = t.elapsed().as_secs_f64();
    eprintln!(
        "{} docs {} tokens {} words: {:.3} s {:.1} Mtok/s",
        c.len(),
        c.tokens().len(),
        c.words().len(),
        e,
        c.tokens().len() as f64 * it as f64 / e / 1e6
    );
    if a.len() > 6 {
        let d = &a[6];
        std::fs::create_dir_all(d).unwrap();
        let mut p = String::new();
        for z in 0..k {
            for w in 0..m.words().len() {
                if w > 0 {
                    p.push('\t');
                }
                p.push_str(&format!("{:e}", m.probability(w, z)));
            }
            p.push('\n');
        }
        std::fs::write(format!("{d}/phi.tsv"), p).unwrap();
        std::fs::write(
            format!("{d}/vocab.txt"),
            m.words().iter().map(|w| format!("{w}\n")).collect::<String>(),
        )
        .unwrap();
        let al: Vec<f64> = if a[4] == "lda" {
            m.alpha().to_vec()
        } else {
            let s: f64 = m.alpha().iter().sum();
            let scale: f64 = a.get(7).map_or(1.0, |x| x.parse().unwrap());
            m.alpha().iter().map(|x| x / s * scale).collect()
        };
        std::fs::write(format!("{d}/alpha.txt"), al.iter().map(|w| format!("{w}\n")).collect::<String>())
            .unwrap();
    }
}
