using System.Text;

namespace HealthChain.Fhir.Search;

/// <summary>Texts that values of many resources share, collected while a walk is built.</summary>
internal sealed class ConstantTexts
{
    private readonly Dictionary<string, TextSlice> _slices = [];
    private readonly List<byte> _bytes = [];

    public ConstantTexts()
    {
        BooleanSystem = Add("http://hl7.org/fhir/special-values");
        CurrencySystem = Add("urn:iso:std:iso:4217");
        True = Add("true");
        False = Add("false");
    }

    public TextSlice BooleanSystem { get; }
    public TextSlice CurrencySystem { get; }
    public TextSlice True { get; }
    public TextSlice False { get; }

    public byte[] Bytes { get; private set; } = [];

    public TextSlice Add(string text)
    {
        if (!_slices.TryGetValue(text, out TextSlice slice))
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(text);
            slice = new TextSlice(TextSource.Constant, _bytes.Count, utf8.Length);
            _slices.Add(text, slice);
            _bytes.AddRange(utf8);
        }

        return slice;
    }

    public void Freeze() => Bytes = [.. _bytes];
}
