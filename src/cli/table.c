/* table.c: aligned columns, by libsmartcols. On a terminal headings are underlined; elsewhere lines are never cut. */
#include "cli/internal.h"

#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>

struct table {
    struct libscols_table *cols;
    size_t column_count, rows;
};

struct table *table_new(const struct cli *cli, const struct column *columns, size_t count)
{
    struct table *table = calloc(1, sizeof *table);
    must(table != NULL);
    table->cols = scols_new_table();
    table->column_count = count;
    if (table->cols == NULL)
        out_of_memory("a table");
    scols_table_set_stream(table->cols, stdout);
    scols_table_enable_colors(table->cols, cli->colour);
    scols_table_enable_maxout(table->cols, 0);
    scols_table_set_termforce(table->cols, SCOLS_TERMFORCE_NEVER);
    for (size_t i = 0; i < count; i++) {
        struct libscols_column *column =
            scols_table_new_column(table->cols, columns[i].name, 0, columns[i].right ? SCOLS_FL_RIGHT : 0);
        if (column == NULL)
            out_of_memory("a table");
        if (cli->colour)
            (void)scols_cell_set_color(scols_column_get_header(column), "\033[1m");
    }
    return table;
}

static struct libscols_line *line_add(struct table *table, const struct span *cells)
{
    struct libscols_line *line = scols_table_new_line(table->cols, NULL);
    if (line == NULL)
        out_of_memory("a table");
    for (size_t i = 0; i < table->column_count; i++) {
        if (cells[i].len == 0)
            continue;
        char *text = strndup(cells[i].ptr, cells[i].len);
        if (text == NULL || scols_line_refer_data(line, i, text) != 0)
            out_of_memory("a table");
    }
    return line;
}

void table_row(struct table *table, const struct span *cells)
{
    (void)line_add(table, cells);
    table->rows++;
}

void table_sum(struct table *table, const struct span *cells)
{
    struct libscols_line *line = line_add(table, cells);
    if (scols_table_colors_wanted(table->cols))
        (void)scols_line_set_color(line, "\033[1m");
}

bool table_print(struct table *table, struct cli *cli)
{
    return scols_print_table(table->cols) == 0 ||
           err_set(&cli->err, FAILURE_STORE_OTHER, "the answer could not be written");
}

size_t table_rows(const struct table *table) { return table->rows; }

struct table *table_free(struct table *table)
{
    if (table != NULL)
        scols_unref_table(table->cols);
    free(table);
    return NULL;
}
