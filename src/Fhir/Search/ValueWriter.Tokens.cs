using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Search;

/// <content>Tokens and references.</content>
internal readonly ref partial struct ValueWriter
{
    private void WriteToken(ValueTarget target, Element element, DataShape shape)
    {
        switch (shape)
        {
            case DataShape.Coding:
                WriteCoding(target, element);
                break;
            case DataShape.CodeableConcept:
                foreach (Element child in element.Children)
                {
                    ElementSchema schema = child.Schema!;
                    if (schema == DataShapes.ConceptCoding)
                    {
                        WriteCoding(target, child);
                    }
                    else if (schema == DataShapes.ConceptText)
                    {
                        AddTokenText(target, child);
                    }
                }

                break;
            case DataShape.Identifier:
                WriteIdentifier(target, element);
                break;
            case DataShape.ContactPoint:
                AddCode(target, element.Child(DataShapes.ContactPointValue), default);
                break;
            case DataShape.Code:
                AddCode(target, element, element.HasValue ? _systems.Of(element.Schema?.Id ?? 0, element.Value) : default);
                break;
            case DataShape.Boolean:
                AddCode(target, element, _constants.BooleanSystem);
                break;
            case DataShape.Text or DataShape.Uri or DataShape.Number or DataShape.Date:
                AddCode(target, element, default);
                break;
        }
    }

    private void WriteCoding(ValueTarget target, Element coding)
    {
        Element system = default;
        Element code = default;
        Element display = default;
        foreach (Element child in coding.Children)
        {
            ElementSchema schema = child.Schema!;
            if (schema == DataShapes.CodingSystem)
            {
                system = child;
            }
            else if (schema == DataShapes.CodingCode)
            {
                code = child;
            }
            else if (schema == DataShapes.CodingDisplay)
            {
                display = child;
            }
        }

        TextSlice codeText = TextOf(code);
        TextSlice systemText = TextOf(system);
        if (!codeText.Exists && !systemText.Exists)
        {
            AddTokenText(target, display);
            return;
        }

        ref SearchValue value = ref Add(target, SearchValueKind.Token);
        value.System = systemText;
        value.Code = codeText;
        value.Text = TextOf(display);
    }

    private void WriteIdentifier(ValueTarget target, Element identifier)
    {
        TextSlice number = TextOf(identifier.Child(DataShapes.IdentifierValue));
        TextSlice system = TextOf(identifier.Child(DataShapes.IdentifierSystem));
        if (number.Exists || system.Exists)
        {
            ref SearchValue value = ref Add(target, SearchValueKind.Token);
            value.System = system;
            value.Code = number;
        }

        if (identifier.Child(DataShapes.IdentifierType) is not { Exists: true } type)
        {
            return;
        }

        AddTokenText(target, type.Child(DataShapes.ConceptText));
        foreach (Element coding in type.ChildrenOf(DataShapes.ConceptCoding))
        {
            TextSlice code = TextOf(coding.Child(DataShapes.CodingCode));
            if (number.Exists && code.Exists)
            {
                ref SearchValue typed = ref Add(target, SearchValueKind.TypedIdentifier);
                typed.System = TextOf(coding.Child(DataShapes.CodingSystem));
                typed.Code = code;
                typed.Text = number;
            }
        }
    }

    private void AddCode(ValueTarget target, Element primitive, TextSlice impliedSystem)
    {
        if (primitive.Exists && primitive.HasValue)
        {
            TextSlice code = _values.TextOf(primitive);
            ref SearchValue value = ref Add(target, SearchValueKind.Token);
            value.Code = code;
            value.System = impliedSystem;
            value.Traits = impliedSystem.Exists ? SearchValueTraits.ImpliedSystem : SearchValueTraits.None;
        }
    }

    private void AddTokenText(ValueTarget target, Element primitive)
    {
        if (primitive.Exists && primitive.HasValue)
        {
            Add(target, SearchValueKind.TokenText).Text = _values.TextOf(primitive);
        }
    }

    private void WriteReference(ValueTarget target, Element element, DataShape shape)
    {
        switch (shape)
        {
            case DataShape.Reference:
                if (element.Child(DataShapes.ReferenceReference) is { Exists: true, HasValue: true } literal)
                {
                    AddLiteral(target, element, literal);
                }

                if (element.Child(DataShapes.ReferenceIdentifier) is { Exists: true } identifier)
                {
                    AddLogical(target, element, identifier);
                }

                break;
            case DataShape.Uri:
                WriteUri(target, element, shape);
                break;
            case DataShape.Resource:
                AddInline(target, element);
                break;
        }
    }

    private void AddLiteral(ValueTarget target, Element reference, Element literal)
    {
        TextSlice text = _values.TextOf(literal);
        ReadOnlySpan<byte> utf8 = _values.Text(text);
        if (utf8.Length > 0 && utf8[0] == (byte)'#')
        {
            ref SearchValue contained = ref Add(target, SearchValueKind.Reference);
            contained.Traits = SearchValueTraits.Contained;
            contained.TargetType = IdOf(ReferenceTarget.TypeOf(reference));
            contained.Text = text;
            contained.Code = text;
            return;
        }

        int skipped = LiteralReference.LengthOfBase(utf8, _serverBase);
        TextSlice rest = text[skipped..];
        LiteralReference parts = LiteralReference.Parse(utf8[skipped..]);
        ref SearchValue value = ref Add(target, SearchValueKind.Reference);
        value.TargetType = IdOf(parts.Type ?? ReferenceTarget.TypeOf(reference));
        value.System = rest[parts.Server];
        value.Code = rest[parts.Id];
        value.Version = rest[parts.Version];
        value.Text = text;
    }

    private void AddLogical(ValueTarget target, Element reference, Element identifier)
    {
        TextSlice number = TextOf(identifier.Child(DataShapes.IdentifierValue));
        TextSlice system = TextOf(identifier.Child(DataShapes.IdentifierSystem));
        if (number.Exists || system.Exists)
        {
            ref SearchValue value = ref Add(target, SearchValueKind.ReferenceIdentifier);
            value.System = system;
            value.Code = number;
            value.TargetType = IdOf(ReferenceTarget.TypeOf(reference));
        }
    }

    /// <summary>A resource in the place of a reference, as the first entry of a document or message.</summary>
    private void AddInline(ValueTarget target, Element resource)
    {
        IReadOnlyList<TypeSchema> targets = target.ValueAs.Targets;
        if ((targets.Count == 0 || targets.Contains(resource.Type)) && resource.Child("id") is { Exists: true, HasValue: true } id)
        {
            TextSlice text = _values.TextOf(id);
            ref SearchValue value = ref Add(target, SearchValueKind.Reference);
            value.TargetType = resource.Type.Id;
            value.Code = text;
            value.Text = text;
        }
    }

    private static ushort IdOf(TypeSchema? type) => type?.Id ?? SearchValue.NoType;
}
