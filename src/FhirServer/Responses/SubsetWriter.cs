using System.Buffers;
using System.Text.Json;
using HealthChain.Fhir.Schema;

namespace HealthChain.FhirServer.Responses;

/// <summary>Writes the part of a resource that a selection shows. Works on the text: no tree is built, what is shown is copied as it stands.</summary>
internal ref struct SubsetWriter
{
    private readonly ReadOnlySpan<byte> _json;
    private readonly ElementSelection _selection;
    private readonly PooledBuffer _output;
    private Utf8JsonReader _reader;

    private SubsetWriter(ReadOnlySpan<byte> json, ElementSelection selection, PooledBuffer output)
    {
        _json = json;
        _selection = selection;
        _output = output;
        _reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 256 });
    }

    /// <summary>R4: "Servers SHOULD mark the resources with the tag SUBSETTED to ensure that the incomplete resource is not accidentally used."</summary>
    private static ReadOnlySpan<byte> Mark => """{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}"""u8;

    /// <param name="json">A resource of that type, known to be valid.</param>
    public static void Write(ReadOnlySpan<byte> json, TypeSchema type, ElementSelection selection, PooledBuffer output)
    {
        var writer = new SubsetWriter(json, selection, output);
        writer._reader.Read();
        writer.WriteResource(type);
    }

    public static ReadOnlyMemory<byte> ToJson(ReadOnlySpan<byte> json, TypeSchema type, ElementSelection selection)
    {
        using var buffer = new PooledBuffer(json.Length + 256);
        Write(json, type, selection, buffer);
        return buffer.Written.ToArray();
    }

    private void WriteResource(TypeSchema type)
    {
        _output.Write("{"u8);
        bool isMarked = false;
        int count = 0;
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            int start = (int)_reader.TokenStartIndex;
            ReadOnlySpan<byte> name = Name();
            if (name.SequenceEqual("resourceType"u8))
            {
                Separate(ref count);
                CopyMember(start);
            }
            else if (!type.TryGetMember(name, out Member member) || !_selection.Keeps(member.Element))
            {
                _reader.Skip();
            }
            else if (name.SequenceEqual("meta"u8))
            {
                Separate(ref count);
                WriteMeta();
                isMarked = true;
            }
            else
            {
                WriteMember(start, member, ref count);
            }
        }

        if (!isMarked)
        {
            Separate(ref count);
            _output.Write("\"meta\":{\"tag\":["u8);
            _output.Write(Mark);
            _output.Write("]}"u8);
        }

        _output.Write("}"u8);
    }

    /// <summary>The name was read. Leaves the reader on the value's last token; writes nothing when nothing within is shown.</summary>
    private void WriteMember(int start, in Member member, ref int count)
    {
        int before = _output.Length;
        int countBefore = count;
        Separate(ref count);
        if (!_selection.IsDeep || !ElementSelection.IsSplit(member.Type))
        {
            CopyMember(start);
            return;
        }

        _reader.Read();
        _output.Write(_json[start..(int)_reader.TokenStartIndex]);
        bool isAny;
        if (_reader.TokenType == JsonTokenType.StartArray)
        {
            _output.Write("["u8);
            int items = 0;
            while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
            {
                int itemStart = _output.Length;
                int itemsBefore = items;
                Separate(ref items);
                if (!WriteObject(member.Type))
                {
                    _output.Truncate(itemStart);
                    items = itemsBefore;
                }
            }

            _output.Write("]"u8);
            isAny = items > 0;
        }
        else
        {
            isAny = WriteObject(member.Type);
        }

        if (!isAny)
        {
            _output.Truncate(before);
            count = countBefore;
        }
    }

    /// <summary>As deep as the schema nests, which the reader of resources bounds.</summary>
    private bool WriteObject(TypeSchema type)
    {
        _output.Write("{"u8);
        int count = 0;
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            int start = (int)_reader.TokenStartIndex;
            if (type.TryGetMember(Name(), out Member member) && ElementSelection.KeepsWithin(member.Element))
            {
                WriteMember(start, member, ref count);
            }
            else
            {
                _reader.Skip();
            }
        }

        _output.Write("}"u8);
        return count > 0;
    }

    private void WriteMeta()
    {
        _reader.Read();
        _output.Write("\"meta\":{"u8);
        int count = 0;
        bool isMarked = false;
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            int start = (int)_reader.TokenStartIndex;
            bool isTag = _reader.ValueTextEquals("tag"u8);
            Separate(ref count);
            CopyMember(start);
            if (isTag)
            {
                // Before the bracket that closes the list.
                _output.Truncate(_output.Length - 1);
                _output.Write(","u8);
                _output.Write(Mark);
                _output.Write("]"u8);
                isMarked = true;
            }
        }

        if (!isMarked)
        {
            Separate(ref count);
            _output.Write("\"tag\":["u8);
            _output.Write(Mark);
            _output.Write("]"u8);
        }

        _output.Write("}"u8);
    }

    private readonly void Separate(ref int count)
    {
        if (count++ > 0)
        {
            _output.Write(","u8);
        }
    }

    /// <summary>Copies name and value from where the name starts.</summary>
    private void CopyMember(int start)
    {
        _reader.Skip();
        _output.Write(_json[start..(int)_reader.BytesConsumed]);
    }

    /// <summary>The name without the underscore that marks the extensions of a primitive.</summary>
    private readonly ReadOnlySpan<byte> Name()
    {
        ReadOnlySpan<byte> name = _reader.ValueIsEscaped ? System.Text.Encoding.UTF8.GetBytes(_reader.GetString()!) : _reader.ValueSpan;
        return name.StartsWith("_"u8) ? name[1..] : name;
    }
}
