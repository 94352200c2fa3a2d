//! What the server offers, and what it has to know of the editor.

use std::sync::Arc;

use moltler_ide::semantic_tokens::KINDS;
use moltler_syntax::Encoding;
use serde_json::{Value, json};
use tower_lsp_server::gen_lsp_types::{
    ClientCapabilities, CodeActionKind, CodeActionOptions, CodeLensOptions, CompletionOptions, DiagnosticOptions,
    DocumentLinkOptions, DocumentOnTypeFormattingOptions, PositionEncodingKind, RenameOptions, SemanticTokensFullDelta,
    SemanticTokensLegend, SemanticTokensOptions, ServerCapabilities, SignatureHelpOptions, TextDocumentSyncKind,
    TextDocumentSyncOptions,
};

/// What the editor can do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Editor {
    /// What columns count.
    pub(crate) encoding: Encoding,
    /// It asks for diagnostics, so they are not sent unasked.
    pub(crate) pulls_diagnostics: bool,
    /// It can be asked to ask again.
    pub(crate) refreshes_diagnostics: bool,
    /// It can be told at run time which files to watch.
    pub(crate) registers_watchers: bool,
    /// It shows other places that belong to a diagnostic.
    pub(crate) related_information: bool,
    /// What comes before the name of a diagnostic's code in the address of its page; `None` where the editor could open none.
    pub(crate) pages: Option<Arc<str>>,
    /// It fills in places of a suggested text.
    pub(crate) snippets: bool,
    /// It can either insert a suggestion or replace the word around the cursor.
    pub(crate) insert_replace: bool,
    /// It asks for the documentation of a suggestion when it shows it.
    pub(crate) resolves_documentation: bool,
    /// It asks for the changes of an action when it carries it out.
    pub(crate) resolves_edits: bool,
    /// It shows that the server is busy.
    pub(crate) progress: bool,
    /// It can be asked for settings.
    pub(crate) configuration: bool,
    /// It can be told at run time that settings are wanted.
    pub(crate) registers_configuration: bool,
    /// It shows documents that the server makes up.
    pub(crate) text_document_content: bool,
    /// Changes may give files other names.
    pub(crate) renames_files: bool,
    /// The commands of lenses that it carries out; `None` where it does not say.
    pub(crate) commands: Option<Vec<String>>,
}

impl Editor {
    /// `options` are the `initializationOptions`: `{"explanations": "https://…/"}` says where the pages of diagnostics are on the
    /// network; without it they are documents `moltler-explain:CODE.md`, for editors that ask the server for such documents.
    /// `{"commands": […]}` says which commands of lenses the editor has.
    pub(crate) fn new(capabilities: &ClientCapabilities, options: Option<&Value>) -> Editor {
        let all = serde_json::to_value(capabilities).unwrap_or_default();
        let is = |path: &str| all.pointer(path) == Some(&Value::Bool(true));
        let lists = |path: &str, name: &str| {
            all.pointer(path).and_then(Value::as_array).is_some_and(|list| list.iter().any(|item| item == name))
        };
        let commands = options
            .and_then(|options| options.get("commands"))
            .or_else(|| all.pointer("/experimental/commands/commands"))
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(|name| Some(name.as_str()?.to_owned())).collect());
        let item = "/textDocument/completion/completionItem";
        let encodings = capabilities.general.as_ref().and_then(|general| general.position_encodings.as_deref());
        let offers = |kind: PositionEncodingKind| encodings.is_some_and(|offered| offered.contains(&kind));
        let text_document = capabilities.text_document.as_ref();
        let workspace = capabilities.workspace.as_ref();
        Editor {
            encoding: if offers(PositionEncodingKind::UTF8) {
                Encoding::Utf8
            } else if !offers(PositionEncodingKind::UTF16) && offers(PositionEncodingKind::UTF32) {
                Encoding::Utf32
            } else {
                Encoding::Utf16
            },
            pulls_diagnostics: text_document.is_some_and(|document| document.diagnostic.is_some()),
            refreshes_diagnostics: workspace
                .and_then(|workspace| workspace.diagnostics.as_ref())
                .is_some_and(|diagnostics| diagnostics.refresh_support == Some(true)),
            registers_watchers: workspace
                .and_then(|workspace| workspace.did_change_watched_files.as_ref())
                .is_some_and(|watchers| watchers.dynamic_registration == Some(true)),
            related_information: text_document
                .and_then(|document| document.publish_diagnostics.as_ref())
                .and_then(|publish| publish.diagnostics_capabilities.related_information)
                != Some(false),
            pages: pages(capabilities, options),
            snippets: is(&format!("{item}/snippetSupport")),
            insert_replace: is(&format!("{item}/insertReplaceSupport")),
            resolves_documentation: lists(&format!("{item}/resolveSupport/properties"), "documentation"),
            resolves_edits: lists("/textDocument/codeAction/resolveSupport/properties", "edit")
                && is("/textDocument/codeAction/dataSupport"),
            progress: is("/window/workDoneProgress"),
            configuration: is("/workspace/configuration"),
            registers_configuration: is("/workspace/didChangeConfiguration/dynamicRegistration"),
            text_document_content: all.pointer("/workspace/textDocumentContent").is_some_and(Value::is_object),
            renames_files: is("/workspace/workspaceEdit/documentChanges")
                && lists("/workspace/workspaceEdit/resourceOperations", "rename"),
            commands,
        }
    }
}

fn pages(capabilities: &ClientCapabilities, options: Option<&Value>) -> Option<Arc<str>> {
    let publish = capabilities.text_document.as_ref().and_then(|document| document.publish_diagnostics.as_ref());
    let shows_links =
        publish.is_some_and(|publish| publish.diagnostics_capabilities.code_description_support == Some(true));
    let asks = capabilities.workspace.as_ref().is_some_and(|workspace| workspace.text_document_content.is_some());
    let address = options.and_then(|options| options["explanations"].as_str());
    match address {
        _ if !shows_links => None,
        Some(address) => Some(Arc::from(address)),
        None if asks => Some(Arc::from(format!("{PAGE_SCHEME}:"))),
        None => None,
    }
}

/// The scheme of the documents that explain diagnostics.
pub(crate) const PAGE_SCHEME: &str = "moltler-explain";

/// The scheme of declarations of what handlers find.
pub(crate) const HOST_SCHEME: &str = "moltler";

/// The server's side.
pub(crate) fn server(editor: &Editor) -> ServerCapabilities {
    ServerCapabilities {
        position_encoding: Some(match editor.encoding {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
            Encoding::Utf32 => PositionEncodingKind::UTF32,
        }),
        text_document_sync: Some(
            TextDocumentSyncOptions {
                open_close: Some(true),
                change: Some(TextDocumentSyncKind::Incremental),
                ..TextDocumentSyncOptions::default()
            }
            .into(),
        ),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some([".", "'", "\"", "{", ",", "(", ":", "@"].map(str::to_owned).to_vec()),
            resolve_provider: Some(true),
            ..CompletionOptions::default()
        }),
        diagnostic_provider: Some(
            DiagnosticOptions { inter_file_dependencies: true, ..DiagnosticOptions::default() }.into(),
        ),
        hover_provider: Some(true.into()),
        definition_provider: Some(true.into()),
        declaration_provider: Some(true.into()),
        type_definition_provider: Some(true.into()),
        document_link_provider: Some(DocumentLinkOptions::default()),
        call_hierarchy_provider: Some(true.into()),
        inline_completion_provider: Some(true.into()),
        workspace: serde_json::from_value(workspace()).ok(),
        document_symbol_provider: Some(true.into()),
        references_provider: Some(true.into()),
        document_highlight_provider: Some(true.into()),
        linked_editing_range_provider: Some(true.into()),
        rename_provider: Some(RenameOptions { prepare_provider: Some(true), ..RenameOptions::default() }.into()),
        folding_range_provider: Some(true.into()),
        selection_range_provider: Some(true.into()),
        code_action_provider: Some(
            CodeActionOptions {
                code_action_kinds: Some(vec![CodeActionKind::QuickFix, CodeActionKind::SourceFixAll]),
                resolve_provider: Some(true),
                ..CodeActionOptions::default()
            }
            .into(),
        ),
        code_lens_provider: Some(CodeLensOptions { resolve_provider: Some(true), ..CodeLensOptions::default() }),
        inlay_hint_provider: Some(true.into()),
        signature_help_provider: Some(SignatureHelpOptions {
            trigger_characters: Some(["(", ","].map(str::to_owned).to_vec()),
            retrigger_characters: Some([")"].map(str::to_owned).to_vec()),
            ..SignatureHelpOptions::default()
        }),
        workspace_symbol_provider: Some(true.into()),
        semantic_tokens_provider: Some(
            SemanticTokensOptions {
                legend: SemanticTokensLegend {
                    token_types: KINDS.iter().map(|kind| (*kind).to_owned()).collect(),
                    token_modifiers: Vec::new(),
                },
                range: Some(true.into()),
                full: Some(SemanticTokensFullDelta { delta: Some(true) }.into()),
                ..SemanticTokensOptions::default()
            }
            .into(),
        ),
        document_formatting_provider: Some(true.into()),
        document_range_formatting_provider: Some(true.into()),
        document_on_type_formatting_provider: Some(DocumentOnTypeFormattingOptions {
            first_trigger_character: ";".to_owned(),
            // The last letters of END, ELSE, ELSEIF, CATCH, FINALLY, in both cases.
            more_trigger_character: Some(
                ["\n", "}", "]", ")", "D", "d", "E", "e", "F", "f", "H", "h", "Y", "y"].map(str::to_owned).to_vec(),
            ),
        }),
        ..ServerCapabilities::default()
    }
}

/// What concerns folders and files.
fn workspace() -> Value {
    let sources = json!({"filters": [{"scheme": "file", "pattern": {"glob": "**/*.molt", "matches": "file"}}]});
    json!({
        "workspaceFolders": {"supported": true, "changeNotifications": true},
        "fileOperations": {
            "willRename": sources,
            "didRename": sources,
            "didCreate": sources,
            "didDelete": sources,
        },
        "textDocumentContent": {"schemes": [PAGE_SCHEME, HOST_SCHEME]},
    })
}
