using System.Globalization;

namespace BlueGreen.Cli.Tests.Pictures;

/// <summary>A letter on a screen.</summary>
internal readonly record struct Letter(char Text, int? Color, bool IsBold);

/// <summary>What a terminal shows after it was sent something: as much of a terminal as bluegreen uses.</summary>
internal sealed class Screen(int columns)
{
    private static readonly Letter Blank = new(' ', null, false);
    private readonly List<Letter[]> _rows = [];
    private int _row;
    private int _column;
    private Letter _style = Blank;

    /// <summary>The lines, without those at the end that are empty.</summary>
    public IReadOnlyList<Letter[]> Rows => [.. _rows.Take(1 + _rows.FindLastIndex(row => row.Any(letter => letter.Text != ' ')))];

    public string Text => string.Join('\n', Rows.Select(row => new string([.. row.Select(letter => letter.Text)]).TrimEnd()));

    public static Screen Of(string sent, int columns)
    {
        var screen = new Screen(columns);
        for (var index = 0; index < sent.Length;)
        {
            index += screen.Take(sent.AsSpan(index));
        }

        return screen;
    }

    /// <summary>Takes one letter or one sequence.</summary>
    /// <returns>Its length.</returns>
    private int Take(ReadOnlySpan<char> sent)
    {
        switch (sent[0])
        {
            case '\r':
                _column = 0;
                return 1;
            case '\n':
                _row++;
                return 1;
            case '\u001b' when sent.Length > 1 && sent[1] == '[':
                var length = 2;
                while (length < sent.Length && sent[length] is < '@' or > '~')
                {
                    length++;
                }

                if (length < sent.Length)
                {
                    Control(sent[length], sent[2..length].ToString());
                }

                return Math.Min(length + 1, sent.Length);
            case '\u001b':
                return Math.Min(2, sent.Length);
            case < ' ':
                return 1;
            default:
                Put(sent[0]);
                return 1;
        }
    }

    private void Put(char text)
    {
        if (_column == columns)
        {
            (_row, _column) = (_row + 1, 0);
        }

        RowAt(_row)[_column++] = _style with { Text = text };
    }

    private void Control(char command, string parameters)
    {
        var number = int.TryParse(parameters, NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 0;
        switch (command)
        {
            case 'A':
                _row = Math.Max(0, _row - Math.Max(1, number));
                break;
            case 'C':
                _column = Math.Min(columns, _column + Math.Max(1, number));
                break;
            case 'K':
                Array.Fill(RowAt(_row), Blank, number == 0 ? _column : 0, number == 0 ? columns - _column : columns);
                break;
            case 'J' when number == 0:
                _rows.RemoveRange(Math.Min(_row, _rows.Count), Math.Max(0, _rows.Count - _row));
                break;
            case 'm':
                Style(parameters);
                break;
            default:
                // Cursor on and off, modes: nothing that a picture shows.
                break;
        }
    }

    private void Style(string parameters)
    {
        var codes = parameters.Split(';').Select(code => code.Length == 0 ? 0 : int.Parse(code, CultureInfo.InvariantCulture)).ToList();
        for (var index = 0; index < codes.Count; index++)
        {
            switch (codes[index])
            {
                case 0:
                    _style = Blank;
                    break;
                case 1:
                    _style = _style with { IsBold = true };
                    break;
                case 38 when index + 2 < codes.Count && codes[index + 1] == 5:
                    _style = _style with { Color = codes[index + 2] };
                    index += 2;
                    break;
                case >= 30 and <= 37 and var dark:
                    _style = _style with { Color = dark - 30 };
                    break;
                case >= 90 and <= 97 and var bright:
                    _style = _style with { Color = bright - 90 + 8 };
                    break;
                default:
                    break;
            }
        }
    }

    private Letter[] RowAt(int row)
    {
        while (_rows.Count <= row)
        {
            _rows.Add([.. Enumerable.Repeat(Blank, columns)]);
        }

        return _rows[row];
    }
}
