using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using HealthChain.Consent;
using HealthChain.Fhir.Model;

namespace HealthChain.FhirServer.Consents;

/// <summary>
/// What consents say, each thing once: most patients sign the same form, and what is left of one after names and days is the same text. Not thread-safe.
/// </summary>
internal sealed class RuleForms(Vocabulary vocabulary, string? serverBase)
{
    /// <summary>What <see cref="ConsentRules"/> are read from. All else tells who signed, when and where.</summary>
    private static readonly string[] Telling =
        ["modifierExtension", "implicitRules", "status", "scope", "policy", "policyRule", "verification", "provision"];

    /// <summary>Of a verification only counts whether it was one.</summary>
    private static readonly string[] Untelling = ["verifiedWith", "verificationDate"];

    /// <summary>Stands where else the length of a name would.</summary>
    private const int End = -1;

    private readonly Dictionary<UInt128, (ConsentRules Rules, int Uses)> _forms = [];
    private readonly ArrayBufferWriter<byte> _text = new();

    public int Count => _forms.Count;

    /// <summary>The rules of a consent; null when it has no effect.</summary>
    /// <param name="consent">Whatever of it could be read.</param>
    /// <param name="form">What <see cref="Release"/> takes; 0 when there are none.</param>
    public ConsentRules? Take(ReadResult consent, out UInt128 form)
    {
        UInt128 read = FormOf(consent);
        (ConsentRules? rules, int uses) = _forms.GetValueOrDefault(read);
        rules ??= ConsentRules.Read(consent, vocabulary, serverBase);
        if (!rules.Counts)
        {
            form = UInt128.Zero;
            return null;
        }

        form = read;
        _forms[form] = (rules, uses + 1);
        return rules;
    }

    /// <summary>The rules of a form that is in use.</summary>
    public ConsentRules Find(UInt128 form) => _forms[form].Rules;

    /// <summary>One consent less that says so.</summary>
    public void Release(UInt128 form)
    {
        (ConsentRules rules, int uses) = _forms[form];
        if (uses == 1)
        {
            _forms.Remove(form);
        }
        else
        {
            _forms[form] = (rules, uses - 1);
        }
    }

    /// <summary>A hash that nobody can find two texts for, so that nobody's consent is taken for another.</summary>
    private UInt128 FormOf(ReadResult consent)
    {
        _text.ResetWrittenCount();
        Append(consent.IsOk ? 1 : 0);
        foreach (Element child in consent.Tree!.Root.Children)
        {
            if (Telling.Contains(child.Name))
            {
                Append(child);
            }
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(_text.WrittenSpan, hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }

    private void Append(Element element)
    {
        if (Untelling.Contains(element.Name))
        {
            return;
        }

        Append(Encoding.UTF8.GetBytes(element.Name));
        Append(element.RawValue);
        foreach (Element child in element.Children)
        {
            Append(child);
        }

        Append(End);
    }

    private void Append(ReadOnlySpan<byte> text)
    {
        Append(text.Length);
        _text.Write(text);
    }

    private void Append(int number)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_text.GetSpan(sizeof(int)), number);
        _text.Advance(sizeof(int));
    }
}
