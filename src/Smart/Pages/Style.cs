namespace HealthChain.Smart.Pages;

/// <summary>The style sheet, and the colours that apps are told of.</summary>
internal static class Style
{
    public static ReadOnlyMemory<byte> Sheet { get; } = """
        :root { color-scheme: light dark; --line: #8a8f98; --accent: #0b5cad; --problem: #b00020; }
        body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; }
        main { max-width: 36rem; margin: 0 auto; padding: 1rem; }
        h1 { font-size: 1.5rem; }
        label { display: block; font-weight: 600; }
        input[type=text], input[type=password], input[type=search], input[type=date] { box-sizing: border-box; width: 100%; padding: .5rem; font: inherit; border: 1px solid var(--line); border-radius: .25rem; }
        button { font: inherit; padding: .5rem 1rem; border: 1px solid var(--accent); border-radius: .25rem; background: var(--accent); color: #fff; cursor: pointer; }
        button.second { background: transparent; color: inherit; border-color: var(--line); }
        button.link { background: none; border: none; padding: 0; color: LinkText; text-decoration: underline; }
        :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
        fieldset { border: 1px solid var(--line); border-radius: .25rem; margin: 0 0 1rem; }
        fieldset label, details label { font-weight: 400; display: flex; gap: .5rem; align-items: baseline; margin: .25rem 0; }
        details { margin-left: 1.5rem; }
        code { overflow-wrap: anywhere; }
        table { border-collapse: collapse; width: 100%; }
        th, td { text-align: left; padding: .375rem .5rem .375rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
        dt { font-weight: 600; }
        dd { margin: 0 0 .5rem; overflow-wrap: anywhere; }
        article { border: 1px solid var(--line); border-radius: .25rem; padding: 0 1rem; margin: 0 0 1rem; }
        .problem { border-left: .25rem solid var(--problem); padding: .5rem; }
        .quiet { color: GrayText; }
        nav { display: flex; gap: 1rem; }

        """u8.ToArray();

    /// <summary>https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#styling</summary>
    public static ReadOnlyMemory<byte> ForApps { get; } = """
        {"color_background":"#ffffff","color_error":"#b00020","color_highlight":"#0b5cad","color_modal_backdrop":"#00000080","color_success":"#1b7f3b","color_text":"#1a1c20","dim_border_radius":"4px","dim_font_size":"16px","dim_spacing_size":"16px","font_family_body":"system-ui, sans-serif","font_family_heading":"system-ui, sans-serif"}
        """u8.ToArray();
}
