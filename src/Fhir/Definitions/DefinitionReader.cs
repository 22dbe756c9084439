using System.Text;

namespace HealthChain.Fhir.Definitions;

/// <summary>Decodes one definition of a <see cref="DefinitionBinary"/>.</summary>
internal ref partial struct DefinitionReader(DefinitionBinary binary, int position)
{
    private delegate T Read<T>(ref DefinitionReader reader);

    private ReadOnlySpan<byte> _rest = binary.From(position);

    public IDefinition Body(DefinitionKind kind) => kind switch
    {
        DefinitionKind.StructureDefinition => Structure(),
        DefinitionKind.ValueSet => ValueSet(),
        DefinitionKind.CodeSystem => CodeSystem(),
        DefinitionKind.ConceptMap => ConceptMap(),
        DefinitionKind.SearchParameter => SearchParameter(),
        DefinitionKind.OperationDefinition => Operation(),
        DefinitionKind.CompartmentDefinition => Compartment(),
        _ => NamingSystem(),
    };

    private uint Variable()
    {
        uint value = 0;
        int used = 0;
        byte next;
        do
        {
            next = _rest[used];
            value |= (uint)(next & 0x7F) << (7 * used);
            used++;
        }
        while (next >= 0x80);

        _rest = _rest[used..];
        return value;
    }

    private int Number() => (int)Variable();

    private int? Limit() => Variable() switch { 0 => null, 1 => int.MaxValue, uint value => (int)(value - 2) };

    private bool Flag() => OptionalFlag() ?? false;

    private bool? OptionalFlag()
    {
        byte value = _rest[0];
        _rest = _rest[1..];
        return value switch { 0 => false, 1 => true, _ => null };
    }

    private ReadOnlySpan<byte> Bytes()
    {
        int length = Number();
        ReadOnlySpan<byte> bytes = _rest[..length];
        _rest = _rest[length..];
        return bytes;
    }

    private string? OptionalText() => Variable() switch
    {
        DefinitionBinary.NoText => null,
        DefinitionBinary.InlineText => Encoding.UTF8.GetString(Bytes()),
        uint shared => binary.SharedText((int)(shared - DefinitionBinary.FirstSharedText)),
    };

    private string Text() => OptionalText() ?? "";

    private string[] Texts() => List(static (ref DefinitionReader reader) => reader.Text());

    private T[] List<T>(Read<T> read)
    {
        int count = Number();
        if (count == 0)
        {
            return [];
        }

        var items = new T[count];
        for (int i = 0; i < count; i++)
        {
            items[i] = read(ref this);
        }

        return items;
    }
}
