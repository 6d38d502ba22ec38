namespace Dialtone.Tests;

public sealed class StructValueTests
{
    [Fact]
    public void Integers_are_equal_whatever_type_they_came_from()
    {
        StructValue[] fives = [(sbyte)5, (byte)5, (short)5, (ushort)5, 5, 5u, 5L, 5UL, (nint)5, (nuint)5];

        Assert.All(fives, five => Assert.Equal(fives[0], five));
        Assert.All(fives, five => Assert.Equal(fives[0].GetHashCode(), five.GetHashCode()));
        Assert.NotEqual((StructValue)5, (StructValue)5.0);
        Assert.NotEqual((StructValue)(-1), (StructValue)ulong.MaxValue);
    }

    [Fact]
    public void A_value_is_read_as_what_it_is()
    {
        Assert.Equal(-5, ((StructValue)(-5)).AsInt64());
        Assert.Equal(ulong.MaxValue, ((StructValue)ulong.MaxValue).AsUInt64());
        Assert.Equal(-5.0, ((StructValue)(-5)).AsDouble());
        Assert.Equal(1.5, ((StructValue)(Half)1.5).AsDouble());
        Assert.True(((StructValue)true).AsBoolean());
        Assert.Equal("héllo", StructValue.Utf8("héllo\0\0").AsText());
    }

    [Fact]
    public void A_value_is_not_read_as_what_it_is_not()
    {
        Assert.Equal(StructError.OutOfRange, Reason(() => ((StructValue)ulong.MaxValue).AsInt64()));
        Assert.Equal(StructError.OutOfRange, Reason(() => ((StructValue)(-1)).AsUInt64()));
        Assert.Equal(StructError.WrongType, Reason(() => ((StructValue)1.0).AsInt64()));
        Assert.Equal(StructError.WrongType, Reason(() => ((StructValue)true).AsDouble()));
        Assert.Equal(StructError.WrongType, Reason(() => ((StructValue)1).AsBoolean()));
        Assert.Equal("The value is an integer, not a run of bytes.",
            Assert.Throws<StructException>(() => ((StructValue)1).AsBytes()).Message);
    }

    private static StructError Reason(Func<object> act) => Assert.Throws<StructException>(act).Reason;
}
