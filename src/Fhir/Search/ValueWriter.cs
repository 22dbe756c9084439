using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.Search;

/// <summary>
/// Turns an element into the values of one parameter, by the type of the parameter and that of the element (R4, "Search Parameter
/// Types"). Pairs that R4 gives no meaning to write nothing.
/// </summary>
internal readonly ref partial struct ValueWriter(IndexValues values, ConstantTexts constants, ImpliedSystems systems, ReadOnlySpan<byte> serverBase)
{
    private readonly IndexValues _values = values;
    private readonly ConstantTexts _constants = constants;
    private readonly ImpliedSystems _systems = systems;
    private readonly ReadOnlySpan<byte> _serverBase = serverBase;

    public void Write(ValueTarget target, Element element)
    {
        DataShape shape = DataShapes.Of(element.Type);
        if (shape == DataShape.Extension)
        {
            // A parameter may end at extension(url); its value is meant.
            if (element.Child(DataShapes.ExtensionValue) is { Exists: true } value)
            {
                Write(target, value);
            }

            return;
        }

        switch (target.ValueAs.Type)
        {
            case SearchParameterType.String:
                WriteString(target, element, shape);
                break;
            case SearchParameterType.Token when element.Type.IsResource:
                WriteType(target, element);
                break;
            case SearchParameterType.Token:
                WriteToken(target, element, shape);
                break;
            case SearchParameterType.Reference:
                WriteReference(target, element, shape);
                break;
            case SearchParameterType.Date:
                WriteDate(target, element, shape);
                break;
            case SearchParameterType.Number:
                WriteNumber(target, element, shape);
                break;
            case SearchParameterType.Quantity:
                WriteQuantity(target, element, shape);
                break;
            case SearchParameterType.Uri:
                WriteUri(target, element, shape);
                break;
            default:
                WritePosition(target, element, shape);
                break;
        }
    }

    /// <summary>The answer of an expression that computes instead of pointing at an element.</summary>
    public void WriteBoolean(ValueTarget target, bool answer)
    {
        if (target.ValueAs.Type == SearchParameterType.Token)
        {
            ref SearchValue value = ref Add(target, SearchValueKind.Token);
            value.System = _constants.BooleanSystem;
            value.Code = answer ? _constants.True : _constants.False;
            value.Traits = SearchValueTraits.ImpliedSystem;
        }
    }

    /// <summary>A whole resource as a value: only its type can be searched.</summary>
    private void WriteType(ValueTarget target, Element resource)
    {
        TextSlice type = _values.Copy(System.Text.Encoding.UTF8.GetBytes(resource.Type.Name));
        ref SearchValue value = ref Add(target, SearchValueKind.Token);
        value.Code = type;
    }

    private ref SearchValue Add(ValueTarget target, SearchValueKind kind) =>
        ref _values.Add(target.Parameter.Id, target.Component, kind);

    private void WriteString(ValueTarget target, Element element, DataShape shape)
    {
        switch (shape)
        {
            case DataShape.Text or DataShape.Code or DataShape.Uri:
                AddString(target, element);
                break;
            case DataShape.HumanName or DataShape.Address:
                foreach (Element part in element.Children)
                {
                    // All parts are text but use, type and period; the id of the element itself is no part.
                    if (DataShapes.Of(part.Type) == DataShape.Text && part.Schema!.Index != 0)
                    {
                        AddString(target, part);
                    }
                }

                break;
            case DataShape.CodeableConcept:
                AddString(target, element.Child(DataShapes.ConceptText));
                foreach (Element coding in element.ChildrenOf(DataShapes.ConceptCoding))
                {
                    AddString(target, coding.Child(DataShapes.CodingDisplay));
                }

                break;
            case DataShape.Coding:
                AddString(target, element.Child(DataShapes.CodingDisplay));
                break;
            case DataShape.Annotation:
                AddString(target, element.Child(DataShapes.AnnotationText));
                break;
            case DataShape.Identifier:
                AddString(target, element.Child(DataShapes.IdentifierValue));
                break;
            case DataShape.ContactPoint:
                AddString(target, element.Child(DataShapes.ContactPointValue));
                break;
        }
    }

    private void AddString(ValueTarget target, Element primitive)
    {
        if (!primitive.Exists || !primitive.HasValue)
        {
            return;
        }

        TextSlice text = _values.TextOf(primitive);
        Span<byte> room = _values.Reserve(SearchText.MaxFoldedLength(text.Length));
        TextSlice folded = _values.Commit(SearchText.Fold(_values.Text(text), room));
        ref SearchValue value = ref Add(target, SearchValueKind.String);
        value.Text = text;
        value.Code = folded;
    }

    private void WriteDate(ValueTarget target, Element element, DataShape shape)
    {
        DateRange? range = shape switch
        {
            DataShape.Date => DateOf(element),
            DataShape.Period => PeriodOf(element),
            DataShape.Timing => TimingOf(element),
            _ => null,
        };
        if (range is { } found)
        {
            Add(target, SearchValueKind.Date).Range = found;
        }
    }

    internal static DateRange? DateOf(Element primitive) =>
        primitive.Exists && primitive.HasValue && DateRange.TryParse(primitive.Value, out DateRange range) ? range : null;

    /// <summary>A missing end is open (R4, "date" parameters); a period with neither says nothing.</summary>
    internal static DateRange? PeriodOf(Element period)
    {
        DateRange? start = DateOf(period.Child(DataShapes.PeriodStart));
        DateRange? end = DateOf(period.Child(DataShapes.PeriodEnd));
        return start is null && end is null ? null : new DateRange(start?.Start ?? long.MinValue, end?.End ?? long.MaxValue);
    }

    /// <summary>Only the outer limits of a schedule count (R4, "date" parameters).</summary>
    private static DateRange? TimingOf(Element timing)
    {
        DateRange? all = null;
        foreach (Element moment in timing.ChildrenOf(DataShapes.TimingEvent))
        {
            if (DateOf(moment) is { } range)
            {
                all = all?.Union(range) ?? range;
            }
        }

        if (timing.Child(DataShapes.TimingRepeat) is { Exists: true } repeat
            && repeat.Child(DataShapes.TimingBounds) is { Exists: true } bounds
            && DataShapes.Of(bounds.Type) == DataShape.Period
            && PeriodOf(bounds) is { } period)
        {
            all = all?.Union(period) ?? period;
        }

        return all;
    }

    private void WriteUri(ValueTarget target, Element element, DataShape shape)
    {
        if (shape is not (DataShape.Uri or DataShape.Text) || !element.HasValue)
        {
            return;
        }

        TextSlice text = _values.TextOf(element);
        int bar = _values.Text(text).IndexOf((byte)'|');
        ref SearchValue value = ref Add(target, SearchValueKind.Uri);
        value.Text = text;
        value.Code = bar < 0 ? text : text[..bar];
        value.Version = bar < 0 ? default : text[(bar + 1)..];
    }

    private void WritePosition(ValueTarget target, Element element, DataShape shape)
    {
        if (shape == DataShape.Position
            && NumberOf(element.Child(DataShapes.PositionLatitude)) is { } latitude
            && NumberOf(element.Child(DataShapes.PositionLongitude)) is { } longitude
            && Math.Abs(latitude) <= 90)
        {
            ref SearchValue value = ref Add(target, SearchValueKind.Position);
            value.Low = latitude;
            value.High = longitude;
        }
    }

    private static decimal? NumberOf(Element primitive) =>
        primitive.Exists && primitive.HasValue && NumberRange.TryParse(primitive.RawValue, out decimal number, out _) ? number : null;
}
