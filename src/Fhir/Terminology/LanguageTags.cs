namespace HealthChain.Fhir.Terminology;

/// <summary>
/// Language tags (BCP 47, RFC 5646): the grammar, and for two-letter languages the list of ISO 639-1. Longer language codes,
/// scripts, regions and variants are checked by their form.
/// </summary>
internal sealed class LanguageTags() : GrammarSystem("urn:ietf:bcp:47", "language tags (BCP 47)")
{
    private static readonly CodeTable TwoLetterLanguages = new(
        ("aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy "
        + "ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik in io is it iu iw ja ji jv jw ka kg ki kj kk kl km kn ko kr ks ku kv kw ky "
        + "la lb lg li ln lo lt lu lv mg mh mi mk ml mn mo mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw "
        + "sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu").Split(' '),
        isCaseSensitive: false);

    // RFC 5646 §2.2.8: tags registered before the grammar that do not follow it.
    private static readonly CodeTable Grandfathered = new(
        ("en-GB-oed i-ami i-bnn i-default i-enochian i-hak i-klingon i-lux i-mingo i-navajo i-pwn i-tao i-tay i-tsu sgn-BE-FR sgn-BE-NL sgn-CH-DE "
        + "art-lojban cel-gaulish no-bok no-nyn zh-guoyu zh-hakka zh-min zh-min-nan zh-xiang").Split(' '),
        isCaseSensitive: false);

    /// <summary>The parts of a tag in the order in which they may come.</summary>
    private enum Part
    {
        Language,
        ExtendedLanguage,
        Script,
        Region,
        Variant,
        Extension,
        PrivateUse,
    }

    public override CodeMembership Check(ReadOnlySpan<byte> code) => Answer(IsTag(code) || Grandfathered.Find(code) >= 0);

    private static bool IsTag(ReadOnlySpan<byte> tag)
    {
        ReadOnlySpan<byte> first = Next(ref tag, out bool hasMore);
        bool isPrivate = first.Length == 1 && (first[0] | 0x20) == 'x';
        if (!isPrivate && !IsLanguage(first))
        {
            return false;
        }

        Part part = isPrivate ? Part.PrivateUse : Part.Language;
        int openSingleton = isPrivate ? 1 : 0;
        int extendedLanguages = 0;
        while (hasMore)
        {
            ReadOnlySpan<byte> subtag = Next(ref tag, out hasMore);
            if (subtag.Length is 0 or > 8 || !CodeCharacters.IsAlphanumeric(subtag))
            {
                return false;
            }

            if (part == Part.PrivateUse || (part == Part.Extension && subtag.Length > 1))
            {
                openSingleton = 0;
                continue;
            }

            Part? next = Classify(subtag, part, ref extendedLanguages);
            if (next is null || openSingleton > 0)
            {
                return false;
            }

            part = next.Value;
            openSingleton = subtag.Length == 1 ? 1 : 0;
        }

        // A singleton must be followed by what it introduces.
        return openSingleton == 0;
    }

    private static Part? Classify(ReadOnlySpan<byte> subtag, Part after, ref int extendedLanguages)
    {
        bool isAlphabetic = CodeCharacters.IsAlphabetic(subtag);
        return subtag.Length switch
        {
            1 => (subtag[0] | 0x20) == 'x' ? Part.PrivateUse : Part.Extension,
            3 when isAlphabetic && after <= Part.ExtendedLanguage && ++extendedLanguages <= 3 => Part.ExtendedLanguage,
            4 when isAlphabetic && after < Part.Script => Part.Script,
            2 when isAlphabetic && after < Part.Region => Part.Region,
            3 when CodeCharacters.IsDigits(subtag) && after < Part.Region => Part.Region,
            >= 5 when after <= Part.Variant => Part.Variant,
            4 when char.IsAsciiDigit((char)subtag[0]) && after <= Part.Variant => Part.Variant,
            _ => null,
        };
    }

    // Four letters are reserved and none of five to eight was ever registered.
    private static bool IsLanguage(ReadOnlySpan<byte> subtag) => subtag.Length switch
    {
        2 => TwoLetterLanguages.Find(subtag) >= 0,
        3 => CodeCharacters.IsAlphabetic(subtag),
        _ => false,
    };

    private static ReadOnlySpan<byte> Next(ref ReadOnlySpan<byte> tag, out bool hasMore)
    {
        int dash = tag.IndexOf((byte)'-');
        hasMore = dash >= 0;
        ReadOnlySpan<byte> subtag = hasMore ? tag[..dash] : tag;
        tag = hasMore ? tag[(dash + 1)..] : default;
        return subtag;
    }
}
