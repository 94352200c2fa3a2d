//! The formatter: what it writes, that it is stable, that it changes no meaning.

use moltler_ide::format::format;

#[track_caller]
fn check(text: &str, expected: &str) {
    let formatted = format(text);
    assert_eq!(formatted, expected, "\n{formatted}");
    assert_eq!(format(&formatted), formatted, "formatting twice");
}

#[track_caller]
fn stays(text: &str) {
    check(text, text);
}

#[test]
fn keywords_and_clauses() {
    check(
        "create connector type 'a' description 'x' config_schema {\"url\":{\"type\":\"string\",\"required\":TRUE}};register connector type 'a';",
        "CREATE CONNECTOR TYPE 'a'\nDESCRIPTION 'x'\nCONFIG_SCHEMA {\"url\": {\"type\": \"string\", \"required\": true}};\nREGISTER CONNECTOR TYPE 'a';\n",
    );
    check(
        "select id , name n from a.items where x=1 and not y is null order by id desc limit 3 ;",
        "SELECT id, name n FROM a.items WHERE x = 1 AND NOT y IS NULL ORDER BY id DESC LIMIT 3;\n",
    );
    check("select a\nfrom b.c where d limit - -1;", "SELECT a\nFROM b.c\nWHERE d\nLIMIT - -1;\n");
    check(
        "select `From`, from, count( * ), x . y :: string, f (1 ,2) [ 0 ] from t;",
        "SELECT `From`, from, count(*), x.y::string, f(1, 2)[0] FROM t;\n",
    );
    check("print true and null;print interval 7 DAY;", "PRINT TRUE AND NULL;\nPRINT INTERVAL 7 DAY;\n");
}

#[test]
fn documents_by_width_and_as_written() {
    stays("CREATE CONNECTOR a TYPE 'b'\nCONFIG {\"url\": ENV('X')};\n");
    stays("CREATE CONNECTOR a\nTYPE 'b'\nCONFIG {\n    \"url\": ENV('X')\n};\n");
    check(
        "CONNECTOR_EXEC a.b({\n\"x\": 1, \"y\": {},\n\n\"z\": [1,2\n]});",
        "CONNECTOR_EXEC a.b({\n    \"x\": 1,\n    \"y\": {},\n\n    \"z\": [1, 2]\n});\n",
    );
    check(
        "PRINT ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'cccccccccccccccccccccccccccccccccccccccccccccc'];",
        "PRINT [\n    'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',\n    'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',\n    'cccccccccccccccccccccccccccccccccccccccccccccc'\n];\n",
    );
}

#[test]
fn long_lines() {
    stays(
        "SELECT\n    id || ' on the shelf with number ' || shelf AS place,\n    CASE WHEN status = 'closed' THEN 'no' ELSE 'yes' END AS open\nFROM my_shop.items\nWHERE id IN ('item-3', 'item-4', 'item-5')\n    AND (\n        name = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'\n        OR name = 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb'\n        OR x\n    );\n",
    );
}

#[test]
fn assertions_that_go_on() {
    stays("ASSERT results[0] = {\n    \"id\": 1,\n    \"name\": 'a'\n};\n");
    stays("ASSERT results[0] = {\n    \"id\": 1\n},\n    'not the first one';\n");
    stays("ASSERT a\n    AND results[0].metadata = {\n        \"id\": 1\n    };\n");
    check("ASSERT -- c\nRAISES 'X' PRINT 1;", "ASSERT -- c\n    RAISES 'X' PRINT 1;\n");
    check("ASSERT RAISES -- c\n'X' PRINT 1;", "ASSERT RAISES -- c\n    'X' PRINT 1;\n");
}

#[test]
fn comments() {
    stays("-- head\n\n/* b */\nPRINT 1; -- one\n-- two\nPRINT 2; /* c */\n\n-- end\n");
    check("PRINT 1 -- one\n;", "PRINT 1; -- one\n");
    check(
        "SHOW CONNECTORS;SELECT a -- a\n, b, -- b\n/* c */ c from x.y -- t\nwhere -- w\n z;",
        "SHOW CONNECTORS;\nSELECT\n    a, -- a\n    b, -- b\n    /* c */ c\nFROM x.y -- t\nWHERE -- w\nz;\n",
    );
    stays("PRINT {\n    -- first\n    \"a\": 1, -- one\n\n    -- second\n    \"b\": 2 -- two\n    -- last\n};\n");
    check(
        "IF a THEN -- t\nPRINT 1;\n\n\n-- note\nPRINT 2;\n-- done\nELSE\n-- nothing\nEND IF;",
        "IF a THEN -- t\n    PRINT 1;\n\n    -- note\n    PRINT 2;\n    -- done\nELSE\n    -- nothing\nEND IF;\n",
    );
}

#[test]
fn blocks() {
    check(
        "test connector type 'a' name 'b' begin declare x=select * from a.b where c=d.e\nand f; for r in select a from b.c loop print r;end loop;try raise 'x';catch e print e.message;finally print 1;end try;end test;",
        "TEST CONNECTOR TYPE 'a'\nNAME 'b'\nBEGIN\n    DECLARE x = SELECT * FROM a.b WHERE c = d.e AND f;\n    FOR r IN SELECT a FROM b.c LOOP\n        PRINT r;\n    END LOOP;\n    TRY\n        RAISE 'x';\n    CATCH e\n        PRINT e.message;\n    FINALLY\n        PRINT 1;\n    END TRY;\nEND TEST;\n",
    );
    check(
        "DECLARE x = SELECT a\nFROM b.c;assert raises 'X' like 'y' print 1;",
        "DECLARE x =\n    SELECT a\n    FROM b.c;\nASSERT RAISES 'X' LIKE 'y' PRINT 1;\n",
    );
}

#[test]
fn raw_blocks_and_strings_keep_every_byte() {
    stays(
        "CREATE CONNECTOR ACTION 'a.b'\nHANDLER '''\n  async function execute( config,params ) {return `\n   select`}\n  ''';\n",
    );
    stays("PRINT 'a\n  b   \n c';\n");
    stays("CREATE CONNECTOR TYPE 'a'\r\nDESCRIPTION 'x'\r\nSHARED '''\r\n a\n ''';\r\n\r\nPRINT 1;\r\n");
}

#[test]
fn what_does_not_parse_stays() {
    check(
        "print  1;\n  select  from where ( ;\nprint  2 ;\n\n\n\nprint   ",
        "PRINT 1;\n  select  from where ( ;\nPRINT 2;\n\n\n\nprint   ",
    );
    stays("insert   into x;\n");
    stays("");
    check("\n\n", "");
    check("print 1", "print 1");
}
