//! Markdown pages whose fences are input and results.

/// A section: a heading and the fences below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The heading's text.
    pub title: String,
    /// The line of the heading, from 1.
    pub line: usize,
    /// In order.
    pub fences: Vec<Fence>,
}

/// A fenced block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    /// What stands behind the opening fence: `sql`, `api GET /items`.
    pub info: String,
    /// The text between the fences, with its last line end.
    pub text: String,
    /// Line number of the first line of `text`, from 1.
    pub line: usize,
    /// Byte range of `text` in the page.
    pub range: std::ops::Range<usize>,
}

impl Fence {
    /// The first word of `info`.
    pub fn kind(&self) -> &str {
        self.info.split_whitespace().next().unwrap_or_default()
    }
}

impl Section {
    /// The first fence of this kind.
    pub fn fence(&self, kind: &str) -> Option<&Fence> {
        self.fences.iter().find(|fence| fence.kind() == kind)
    }
}

/// The sections of a page; fences above the first heading belong to a section without a title.
pub fn sections(page: &str) -> Vec<Section> {
    let mut sections = vec![Section { title: String::new(), line: 1, fences: Vec::new() }];
    let mut open: Option<(String, Fence)> = None;
    let mut offset = 0;
    for (index, line) in page.split_inclusive('\n').enumerate() {
        let text = line.trim_end();
        match &mut open {
            Some((marker, fence)) if text == marker => {
                fence.range.end = offset;
                fence.text = page[fence.range.clone()].to_owned();
                let (_, fence) = open.take().expect("Invariant: it was matched just now");
                sections.last_mut().expect("Invariant: there is a first section").fences.push(fence);
            }
            Some(_) => {}
            None => {
                let ticks = text.bytes().take_while(|byte| *byte == b'`').count();
                if ticks >= 3 {
                    let start = offset + line.len();
                    let info = text[ticks..].trim().to_owned();
                    let fence = Fence { info, text: String::new(), line: index + 2, range: start..start };
                    open = Some(("`".repeat(ticks), fence));
                } else if let Some(title) =
                    text.trim_start_matches('#').strip_prefix(' ').filter(|_| text.starts_with('#'))
                {
                    sections.push(Section { title: title.trim().to_owned(), line: index + 1, fences: Vec::new() });
                }
            }
        }
        offset += line.len();
    }
    sections.retain(|section| !section.title.is_empty() || !section.fences.is_empty());
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_belong_to_the_heading_above() {
        let page = "# Title\ntext\n```sql\nSELECT 1;\n```\n## Next\n````md\n```\n# no heading\n```\n````\n";
        let sections = sections(page);
        assert_eq!(sections.len(), 2);
        assert_eq!(sections[0].fences[0].text, "SELECT 1;\n");
        assert_eq!((sections[0].line, sections[0].fences[0].line), (1, 4));
        assert_eq!(sections[1].fences[0].text, "```\n# no heading\n```\n");
    }
}
