using System.Numerics;
using System.Text;

namespace HealthChain.FhirServer.Labelling;

/// <summary>
/// Which codes make something sensitive, and how: every code that is written is looked up, so it is made once, then only read, and a look-up allocates
/// nothing. Immutable.
/// </summary>
internal sealed class SensitivityTable
{
    /// <summary>Most labels that codes can stand for: each is a bit.</summary>
    public const int MaxLabels = 64;

    /// <summary>
    /// Code systems in which a code lies below what it starts with: <c>F10.20</c> below <c>F10.2</c> below <c>F10</c>. Only of these is known, without the
    /// whole system, what lies below a code.
    /// </summary>
    private static readonly string[] Nested =
        ["http://hl7.org/fhir/sid/icd-10-cm", "http://hl7.org/fhir/sid/icd-10", "http://fhir.de/CodeSystem/bfarm/icd-10-gm", "http://hl7.org/fhir/sid/icd-9-cm"];

    /// <summary>The shortest code of those: a category such as F10.</summary>
    private const int ShortestNested = 3;

    private readonly CodesOfSystem[] _systems;

    /// <param name="entries">Codes with the labels that they stand for; the same code may come several times.</param>
    public SensitivityTable(IEnumerable<SensitiveCode> entries)
    {
        SensitiveCode[] all = [.. entries];
        Labels = [.. all.Select(entry => entry.Label).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        if (Labels.Count > MaxLabels)
        {
            throw new ArgumentException($"Codes can stand for {MaxLabels} labels, not for {Labels.Count}.", nameof(entries));
        }

        _systems = [.. all.GroupBy(entry => entry.System, StringComparer.Ordinal).Select(system => new CodesOfSystem(system.Key, system, Labels))];
    }

    /// <summary>The labels in the order of their bits: codes of v3-ActCode.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>Whether it is known of a code system what lies below a code.</summary>
    public static bool IsNested(string system) => Nested.Contains(system);

    /// <summary>The bit of a label; 0 for one that no code stands for.</summary>
    public ulong BitOf(string? label)
    {
        for (int bit = 0; bit < Labels.Count; bit++)
        {
            if (Labels[bit] == label)
            {
                return 1UL << bit;
            }
        }

        return 0;
    }

    /// <summary>The bits of the labels that a code stands for; 0 for nearly all codes.</summary>
    public ulong Of(ReadOnlySpan<byte> system, ReadOnlySpan<byte> code)
    {
        foreach (CodesOfSystem codes in _systems)
        {
            if (system.SequenceEqual(codes.System))
            {
                return codes.Of(code);
            }
        }

        return 0;
    }

    /// <summary>The codes of one system in a table with open addressing, at most half full.</summary>
    private sealed class CodesOfSystem
    {
        private readonly (byte[] Code, ulong Labels)[] _slots;
        private readonly bool _isNested;

        public CodesOfSystem(string system, IEnumerable<SensitiveCode> entries, IReadOnlyList<string> labels)
        {
            System = Encoding.UTF8.GetBytes(system);
            _isNested = IsNested(system);
            IGrouping<string, SensitiveCode>[] codes = [.. entries.GroupBy(entry => entry.Code, StringComparer.Ordinal)];
            _slots = new (byte[], ulong)[BitOperations.RoundUpToPowerOf2((uint)codes.Length * 2)];
            foreach (IGrouping<string, SensitiveCode> code in codes)
            {
                byte[] utf8 = Encoding.UTF8.GetBytes(code.Key);
                _slots[SlotOf(utf8)] = (utf8, code.Aggregate(0UL, (bits, entry) => bits | (1UL << labels.ToList().IndexOf(entry.Label))));
            }
        }

        public byte[] System { get; }

        public ulong Of(ReadOnlySpan<byte> code)
        {
            ulong labels = _slots[SlotOf(code)].Labels;
            if (_isNested)
            {
                for (code = Above(code); code.Length >= ShortestNested; code = Above(code))
                {
                    labels |= _slots[SlotOf(code)].Labels;
                }
            }

            return labels;
        }

        /// <summary>The code without its last sign, and without a point that would then end it.</summary>
        private static ReadOnlySpan<byte> Above(ReadOnlySpan<byte> code) => code.Length <= ShortestNested ? default : code[..^1].TrimEnd((byte)'.');

        /// <summary>Where the code is, or else an empty slot.</summary>
        private int SlotOf(ReadOnlySpan<byte> code)
        {
            // FNV-1a: codes are short, and nobody gains by making them collide.
            uint hash = 2166136261;
            foreach (byte letter in code)
            {
                hash = (hash ^ letter) * 16777619;
            }

            int mask = _slots.Length - 1;
            int slot = (int)(hash ^ (hash >> 15)) & mask;
            while (_slots[slot].Code is { } other && !code.SequenceEqual(other))
            {
                slot = (slot + 1) & mask;
            }

            return slot;
        }
    }
}

/// <param name="System">Code system of the code.</param>
/// <param name="Code">A code, and where <see cref="SensitivityTable.IsNested"/> all below it.</param>
/// <param name="Label">A sensitivity code of v3-ActCode.</param>
internal readonly record struct SensitiveCode(string System, string Code, string Label);
