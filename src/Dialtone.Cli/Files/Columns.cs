using System.Text;

namespace Dialtone.Cli;

/// <summary>Names beside each other, as many columns as fit, read downwards.</summary>
internal static class Columns
{
    private const int Gutter = 2;

    public static string Arrange(IReadOnlyList<string> names, int width)
    {
        int[] cells = [.. names.Select(name => Cells.Of(name))];
        int columns = Math.Max(1, Math.Min(names.Count, width / (cells.Min() + Gutter)));
        while (columns > 1 && !Fits(cells, columns, width))
            columns--;
        int rows = (names.Count + columns - 1) / columns;
        var text = new StringBuilder();
        for (int row = 0; row < rows; row++)
        {
            for (int i = row; i < names.Count; i += rows)
            {
                text.Append(names[i]);
                if (i + rows < names.Count)
                    text.Append(' ', WidthOf(cells, i / rows, rows) - cells[i] + Gutter);
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    private static bool Fits(int[] cells, int columns, int width)
    {
        int rows = (cells.Length + columns - 1) / columns;
        int used = -Gutter;
        for (int column = 0; column * rows < cells.Length; column++)
            used += WidthOf(cells, column, rows) + Gutter;
        return used <= width;
    }

    private static int WidthOf(int[] cells, int column, int rows) => cells.Skip(column * rows).Take(rows).Max();
}
