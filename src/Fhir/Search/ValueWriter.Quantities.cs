using System.Buffers.Text;
using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Ucum;

namespace HealthChain.Fhir.Search;

/// <content>Numbers and quantities.</content>
internal readonly ref partial struct ValueWriter
{
    private void WriteNumber(ValueTarget target, Element element, DataShape shape)
    {
        switch (shape)
        {
            case DataShape.Number when NumberOf(element) is { } number:
                AddNumber(target, number, number, SearchValueTraits.None);
                break;
            case DataShape.Quantity:
                QuantityParts parts = QuantityParts.Of(element);
                if (parts.TryGetBounds(out decimal lowest, out decimal highest, out SearchValueTraits traits))
                {
                    AddNumber(target, lowest, highest, traits);
                }

                break;
            case DataShape.Range:
                if (TryGetRange(element, out _, out decimal low, out decimal high))
                {
                    AddNumber(target, low, high, SearchValueTraits.None);
                }

                break;
        }
    }

    private void AddNumber(ValueTarget target, decimal low, decimal high, SearchValueTraits traits)
    {
        ref SearchValue value = ref Add(target, SearchValueKind.Number);
        value.Low = low;
        value.High = high;
        value.Traits = traits;
    }

    private void WriteQuantity(ValueTarget target, Element element, DataShape shape)
    {
        switch (shape)
        {
            case DataShape.Quantity:
                QuantityParts parts = QuantityParts.Of(element);
                if (parts.TryGetBounds(out decimal lowest, out decimal highest, out SearchValueTraits traits))
                {
                    AddQuantity(target, parts, lowest, highest, traits);
                }

                break;
            case DataShape.Range:
                if (TryGetRange(element, out QuantityParts unit, out decimal low, out decimal high))
                {
                    AddQuantity(target, unit, low, high, SearchValueTraits.None);
                }

                break;
            case DataShape.SampledData:
                WriteSampled(target, element);
                break;
            case DataShape.Money when NumberOf(element.Child(DataShapes.MoneyValue)) is { } amount:
                ref SearchValue money = ref Add(target, SearchValueKind.Quantity);
                money.Low = amount;
                money.High = amount;
                if (element.Child(DataShapes.MoneyCurrency) is { Exists: true, HasValue: true } currency)
                {
                    money.System = _constants.CurrencySystem;
                    money.Code = _values.TextOf(currency);
                    money.Text = money.Code;
                }

                break;
            case DataShape.Number when NumberOf(element) is { } number:
                ref SearchValue bare = ref Add(target, SearchValueKind.Quantity);
                bare.Low = number;
                bare.High = number;
                break;
        }
    }

    private void AddQuantity(ValueTarget target, in QuantityParts parts, decimal low, decimal high, SearchValueTraits traits)
    {
        TextSlice system = TextOf(parts.System);
        TextSlice code = TextOf(parts.Code);
        ref SearchValue value = ref Add(target, SearchValueKind.Quantity);
        value.System = system;
        value.Code = code;
        value.Text = TextOf(parts.Unit);
        value.Low = low;
        value.High = high;
        value.Traits = traits;

        if (code.Exists
            && _values.Text(system).SequenceEqual(CanonicalUnit.Ucum)
            && UcumUnit.TryParse(_values.Text(code), out UcumUnit unit, out _))
        {
            AddCanonical(target, unit, low, high, traits);
        }
    }

    private void AddCanonical(ValueTarget target, UcumUnit unit, decimal low, decimal high, SearchValueTraits traits)
    {
        if (!CanonicalUnit.TryConvert(unit, ref low, ref high))
        {
            return;
        }

        Span<byte> room = _values.Reserve(unit.CanonicalText.Length);
        TextSlice code = _values.Commit(Encoding.UTF8.GetBytes(unit.CanonicalText, room));
        ref SearchValue value = ref Add(target, SearchValueKind.CanonicalQuantity);
        value.Code = code;
        value.Low = low;
        value.High = high;
        value.Traits = traits;
    }

    /// <summary>The bounds of the values are searched (R4, Observation "value-quantity"). E, L and U are no values.</summary>
    private void WriteSampled(ValueTarget target, Element sampled)
    {
        QuantityParts origin = QuantityParts.Of(sampled.Child(DataShapes.SampledOrigin));
        if (sampled.Child(DataShapes.SampledData) is not { Exists: true, HasValue: true } data || origin.Number is not { } zero)
        {
            return;
        }

        (double lowest, double highest) = (double.PositiveInfinity, double.NegativeInfinity);
        ReadOnlySpan<byte> rest = data.Value;
        while (!rest.IsEmpty)
        {
            int blank = rest.IndexOf((byte)' ');
            ReadOnlySpan<byte> item = blank < 0 ? rest : rest[..blank];
            rest = blank < 0 ? default : rest[(blank + 1)..];
            if (Utf8Parser.TryParse(item, out double number, out int read) && read == item.Length)
            {
                (lowest, highest) = (Math.Min(lowest, number), Math.Max(highest, number));
            }
        }

        if (lowest <= highest)
        {
            double factor = (double)(NumberOf(sampled.Child(DataShapes.SampledFactor)) ?? 1);
            decimal first = NumberRange.Clamped(zero, NumberRange.FromDouble(lowest * factor));
            decimal last = NumberRange.Clamped(zero, NumberRange.FromDouble(highest * factor));
            AddQuantity(target, origin, Math.Min(first, last), Math.Max(first, last), SearchValueTraits.None);
        }
    }

    private TextSlice TextOf(Element primitive) => primitive.Exists ? _values.TextOf(primitive) : default;

    /// <summary>
    /// The bounds of a Range; a missing one is open. They have one unit (R4, Range), and come in order even where the resource breaks
    /// invariant rng-2.
    /// </summary>
    private static bool TryGetRange(Element range, out QuantityParts unit, out decimal low, out decimal high)
    {
        QuantityParts first = QuantityParts.Of(range.Child(DataShapes.RangeLow));
        QuantityParts last = QuantityParts.Of(range.Child(DataShapes.RangeHigh));
        unit = first.Number is null ? last : first;
        low = first.Number ?? decimal.MinValue;
        high = last.Number ?? decimal.MaxValue;
        (low, high) = (Math.Min(low, high), Math.Max(low, high));
        return unit.Number is not null;
    }

    private struct QuantityParts
    {
        public Element Unit;
        public Element System;
        public Element Code;
        public decimal? Number;
        private Element _comparator;

        public static QuantityParts Of(Element quantity)
        {
            QuantityParts parts = default;
            if (!quantity.Exists)
            {
                return parts;
            }

            foreach (Element child in quantity.Children)
            {
                int index = child.Schema!.Index;
                if (index == DataShapes.QuantityValue)
                {
                    parts.Number = NumberOf(child);
                }
                else if (index == DataShapes.QuantityUnit)
                {
                    parts.Unit = child;
                }
                else if (index == DataShapes.QuantitySystem)
                {
                    parts.System = child;
                }
                else if (index == DataShapes.QuantityCode)
                {
                    parts.Code = child;
                }
                else if (index == DataShapes.QuantityComparator)
                {
                    parts._comparator = child;
                }
            }

            return parts;
        }

        /// <summary>What the value may be in truth: with a comparator everything on one side of it.</summary>
        public readonly bool TryGetBounds(out decimal low, out decimal high, out SearchValueTraits traits)
        {
            traits = SearchValueTraits.None;
            low = high = Number ?? 0;
            ReadOnlySpan<byte> comparator = _comparator.Exists ? _comparator.Value : default;
            if (comparator.IsEmpty)
            {
                return Number is not null;
            }

            bool isOpen = comparator.Length == 1;
            if (comparator[0] == (byte)'<')
            {
                low = decimal.MinValue;
                traits = isOpen ? SearchValueTraits.HighIsOpen : SearchValueTraits.None;
            }
            else if (comparator[0] == (byte)'>')
            {
                high = decimal.MaxValue;
                traits = isOpen ? SearchValueTraits.LowIsOpen : SearchValueTraits.None;
            }

            return Number is not null;
        }
    }
}
