namespace Dialtone;

// A run of Count equal items, Size bytes each, the first at Offset; Position is the code's index in the format text.
internal readonly record struct StructField(
    StructType Type, char Code, int Position, int Offset, int Size, int Count)
{
    public StructField this[int index] => this with { Offset = Offset + index * Size, Count = 1 };
}
