namespace Dialtone.Tests;

public sealed class StructTypedTests
{
    private const int Rounds = 1000;

    [Theory]
    [InlineData("<ef", 0)]
    [InlineData("<xef", 1)]
    [InlineData("ef", 0)]
    public void What_a_NaN_carries_stays_with_or_without_padding(string text, int at)
    {
        var format = StructFormat.Parse(text);
        byte[] record = new byte[format.Size];
        format.PackInto(record, 0, BitConverter.UInt16BitsToHalf(0x7C01), BitConverter.UInt32BitsToSingle(0x7F800001));

        Assert.Equal("017C", Convert.ToHexString(record.AsSpan(at, 2)));
        Assert.Equal("0100807F", Convert.ToHexString(record.AsSpan(record.Length - 4)));
        var (half, single) = format.Unpack<Half, float>(record);
        Assert.Equal((0x7C01, 0x7F800001u), (BitConverter.HalfToUInt16Bits(half), BitConverter.SingleToUInt32Bits(single)));
    }

    [Fact]
    public void Numbers_are_packed_and_unpacked_without_an_allocation()
    {
        string[] formats = ["<IHQ", ">IHQ", "@IHQ"];
        foreach (var format in formats.Select(StructFormat.Parse))
        {
            Assert.Equal(0, Allocated(() =>
            {
                Span<byte> buffer = stackalloc byte[16];
                format.PackInto(buffer, 0, 1u, (ushort)2, 3UL);
                format.PackInto(buffer, 0, 1, 2, 3);
                format.PackInto(buffer, 0, [1, 2, 3]);
                format.UnpackFrom<uint, ushort, ulong>(buffer);
                format.UnpackFrom<long, int, ulong>(buffer);
            }));
        }
    }

    [Fact]
    public void Floats_booleans_and_spans_are_packed_without_an_allocation()
    {
        var format = StructFormat.Parse("<efd?4s2p");

        Assert.Equal(0, Allocated(() =>
        {
            Span<byte> buffer = stackalloc byte[21];
            format.PackInto(buffer, 0, (Half)1, 2f, 3d, true, "four"u8, buffer[..1]);
        }));
    }

    [Fact]
    public void Stepping_through_typed_records_allocates_nothing()
    {
        var format = StructFormat.Parse("<IH");
        byte[] records = new byte[60];

        Assert.Equal(0, Allocated(() =>
        {
            foreach (var (_, _) in format.IterUnpack<uint, ushort>(records))
            {
            }
        }));
    }

    [Theory]
    [InlineData("<")]
    [InlineData(">")]
    [InlineData("@")]
    public void Every_number_type_comes_back_as_itself(string prefix)
    {
        var integers = StructFormat.Parse(prefix + "bBhHiIqQ");
        byte[] buffer = new byte[integers.Size];
        integers.PackInto(buffer, 0, sbyte.MinValue, byte.MaxValue, short.MinValue, ushort.MaxValue, int.MinValue, uint.MaxValue, long.MinValue, ulong.MaxValue);
        Assert.Equal(
            (sbyte.MinValue, byte.MaxValue, short.MinValue, ushort.MaxValue, int.MinValue, uint.MaxValue, long.MinValue, ulong.MaxValue),
            integers.Unpack<sbyte, byte, short, ushort, int, uint, long, ulong>(buffer));
        Assert.Equal(integers.Unpack(buffer), integers.Unpack(
            integers.Pack(sbyte.MinValue, byte.MaxValue, short.MinValue, ushort.MaxValue, int.MinValue, uint.MaxValue, long.MinValue, ulong.MaxValue)));

        var floats = StructFormat.Parse(prefix + "efd?");
        buffer = new byte[floats.Size];
        floats.PackInto(buffer, 0, (Half)1.5, 2.5f, 3.5, true);
        Assert.Equal(((Half)1.5, 2.5f, 3.5, true), floats.Unpack<Half, float, double, bool>(buffer));
        Assert.Equal((1.5f, 2.5, 3.5, true), floats.Unpack<float, double, double, bool>(buffer));
    }

    [Fact]
    public void Typed_and_untyped_values_give_the_same_bytes_for_every_number_of_arguments()
    {
        AssertSame("<h", (b, f) => f.PackInto(b, 0, (short)1), [1]);
        AssertSame("<hi", (b, f) => f.PackInto(b, 0, (short)1, 2), [1, 2]);
        AssertSame("<hid", (b, f) => f.PackInto(b, 0, (short)1, 2, 3.5), [1, 2, 3.5]);
        AssertSame("<hid?", (b, f) => f.PackInto(b, 0, (short)1, 2, 3.5, true), [1, 2, 3.5, true]);
        AssertSame("<hid?3s", (b, f) => f.PackInto(b, 0, (short)1, 2, 3.5, true, "abc"u8), [1, 2, 3.5, true, "abc"u8]);
        AssertSame("<hidQ?q", (b, f) => f.PackInto(b, 0, (short)1, 2, 3.5, 4UL, false, -6L), [1, 2, 3.5, 4, false, -6]);
        AssertSame("<hidQBqh", (b, f) => f.PackInto(b, 0, (short)1, 2, 3.5, 4UL, (byte)5, -6L, (short)7), [1, 2, 3.5, 4, 5, -6, 7]);
        AssertSame(">hidQBqhe", (b, f) => f.PackInto(b, 0, (short)1, 2, 3.5, 4UL, (byte)5, -6L, (short)7, (Half)8), [1, 2, 3.5, 4, 5, -6, 7, 8]);
    }

    [Fact]
    public void Every_number_of_items_unpacks_to_a_tuple_whatever_the_types()
    {
        byte[] bytes = [1, 2, 3, 4, 5, 6, 7, 8];

        Assert.Equal(1, StructFormat.Parse("B").Unpack<int>(bytes.AsSpan(0, 1)));
        Assert.Equal((1, 2), StructFormat.Parse("2B").Unpack<int, int>(bytes.AsSpan(0, 2)));
        Assert.Equal((1, 2, 3), StructFormat.Parse("3B").UnpackFrom<int, int, int>(bytes));
        Assert.Equal((5, 6, 7, 8), StructFormat.Parse("4B").UnpackFrom<int, int, byte, byte>(bytes, 4));
        Assert.Equal((1, 2, 3, 4, 5), StructFormat.Parse("5B").UnpackFrom<byte, byte, byte, byte, byte>(bytes));
        Assert.Equal((1, 2, 3, 4, 5, 6), StructFormat.Parse("6B").UnpackFrom<int, int, int, int, int, int>(bytes));
        Assert.Equal((1, 2, 3, 4, 5, 6, 7), StructFormat.Parse("7B").UnpackFrom<int, int, int, int, int, int, int>(bytes));
        Assert.Equal((1, 2, 3, 4, 5, 6, 7, 8), StructFormat.Parse("8B").UnpackFrom<int, int, int, int, int, int, int, int>(bytes));
    }

    [Fact]
    public void A_value_that_does_not_fit_the_type_it_is_read_as_is_refused()
    {
        var error = Assert.Throws<StructException>(() => StructFormat.Parse("<HI").Unpack<ushort, int>([1, 0, 255, 255, 255, 255]));

        Assert.Equal(StructError.OutOfRange, error.Reason);
        Assert.Equal("Format '<HI', value 2: 'I' at index 2 holds 4294967295, which does not fit Int32.", error.Message);
        Assert.Equal(StructError.OutOfRange, Assert.Throws<StructException>(() => StructFormat.Parse("b").Unpack<ulong>([255])).Reason);
    }

    [Fact]
    public void A_type_that_is_no_such_value_is_refused()
    {
        Assert.Equal(StructError.WrongType, Reason(() => StructFormat.Parse("d").Unpack<float>(new byte[8])));
        Assert.Equal(StructError.WrongType, Reason(() => StructFormat.Parse("d").Unpack<long>(new byte[8])));
        Assert.Equal(StructError.WrongType, Reason(() => StructFormat.Parse("i").Unpack<bool>(new byte[4])));
        Assert.Equal(StructError.WrongType, Reason(() => StructFormat.Parse("i").Unpack<byte[]>(new byte[4])));
        Assert.Equal(StructError.WrongType, Reason(() => StructFormat.Parse("4s").Unpack<int>(new byte[4])));
        Assert.Equal(StructError.WrongType, Reason(() => StructFormat.Parse("I").Unpack<string>(new byte[4])));
        Assert.Equal(StructError.WrongType, Reason(() => StructFormat.Parse("Q").PackInto(new byte[8], 0, "text")));
        Assert.Equal(StructError.WrongType, Reason(() => StructFormat.Parse("I").PackInto(new byte[4], 0, 1m)));
        Assert.Equal(StructError.WrongType, Reason(() => StructFormat.Parse("i").PackInto(new byte[4], 0, 1.0)));
        Assert.Equal(StructError.WrongItemCount, Reason(() => StructFormat.Parse("Ib").PackInto(new byte[8], 0, 1u)));
        Assert.Equal(StructError.WrongItemCount, Reason(() => StructFormat.Parse("I").PackInto(new byte[8], 0, 1u, "text")));
        Assert.Equal(StructError.WrongItemCount, Reason(() => StructFormat.Parse("I").Unpack<uint, uint>(new byte[4])));
    }

    [Fact]
    public void Any_byte_but_zero_reads_as_true()
    {
        Assert.Equal((true, false, true), StructFormat.Parse("3?").Unpack<bool, bool, bool>([255, 0, 1]));
    }

    [Fact]
    public void Bytes_unpack_as_a_copy()
    {
        byte[] source = [1, 2, 3];
        var format = StructFormat.Parse("3s");
        byte[] bytes = format.Unpack<byte[]>(source);
        var value = format.Unpack<StructValue>(source);
        source[0] = 9;

        Assert.Equal([1, 2, 3], bytes);
        Assert.Equal([1, 2, 3], value.AsBytes().ToArray());
    }

    private static void AssertSame(string text, Action<byte[], StructFormat> typed, StructValue[] values)
    {
        var format = StructFormat.Parse(text);
        byte[] buffer = new byte[format.Size];

        typed(buffer, format);

        Assert.Equal(format.Pack(values), buffer);
    }

    private static StructError Reason(Action act) => Assert.Throws<StructException>(act).Reason;

    private static long Allocated(Action act)
    {
        for (int i = 0; i < Rounds; i++)
            act();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Rounds; i++)
            act();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
