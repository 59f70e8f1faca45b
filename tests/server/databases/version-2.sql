BEGIN TRANSACTION;
CREATE TABLE assets (
      digest text primary key,
      name text not null,
      media text not null,
      bytes integer not null,
      made real not null,
      run text references runs(id) on delete set null
    );
INSERT INTO "assets" VALUES('blake3:a4497352272edc31e3a5383ac132eba76601713ae3eab445c34252ba1473b312','picture.png','image/png',931,1.79582910442768669124e+09,'14f2aab213ad478bb2845254b5ff94df');
CREATE TABLE runs (
      number integer primary key,
      id text not null unique,
      key text unique,
      body text not null,
      name text not null,
      workflow text not null,
      targets text not null,
      steps integer not null,
      state text not null,
      priority integer not null default 0,
      place real not null,
      attempt integer not null default 0,
      lease text,
      worker text,
      submitted real not null,
      started real,
      finished real,
      error text,
      outputs text,
      record text
    , blame text);
INSERT INTO "runs" VALUES(1,'c3a5bade7fe34ac4a2ad8d59fef3da01',NULL,'','a sum','{"musegraph":1,"inputs":{"a":{"to":["one.a"],"default":10}},"outputs":{"sum":"two.out"},"nodes":{"one":{"type":"troublesome.add","values":{"b":3}},"two":{"type":"troublesome.add","values":{"b":1},"links":{"a":"one.out"}}}}','[]',2,'done',0,1.0,1,NULL,'main',1.79582909770582985881e+09,1.79582909771137857438e+09,1795829098.92053,NULL,'{"sum": {"identity": "json:14", "value": 14.0, "files": [], "problem": null}}','{"run": "c768c753839642308bbc9050244987b6", "time": "2026-11-28T01:24:58+00:00", "seconds": 0.006, "musegraph": "0.1.0", "python": "3.11.7", "profile": "cpu", "models": {}, "steps": {"one": {"status": "done", "type": "troublesome.add", "version": "1", "key": "blake3:7c751649abbfab46920d8dcb426160fd568924a6b36dec6a3c2c5b36c308051f", "profile": "", "inputs": {"a": "json:10", "b": "json:3"}, "values": {"a": 10.0, "b": 3.0}, "seconds": 0.0004, "outputs": {"out": "json:13"}}, "two": {"status": "done", "type": "troublesome.add", "version": "1", "key": "blake3:b15fc976a7dbd434685d0152ecb37772d3cc6413badec62d31102deec8d43a32", "profile": "", "inputs": {"a": "json:13", "b": "json:1"}, "values": {"b": 1.0}, "seconds": 0.0001, "outputs": {"out": "json:14"}}}}',NULL);
INSERT INTO "runs" VALUES(2,'14f2aab213ad478bb2845254b5ff94df',NULL,'','','{"musegraph":1,"inputs":{},"outputs":{"picture":"fill.out"},"nodes":{"fill":{"type":"image.color","values":{"width":8,"height":8}}}}','[]',1,'done',0,2.0,1,NULL,'main',1.79582909914309859274e+09,1.79582909915102028851e+09,1.79582910442768669124e+09,NULL,'{"picture": {"identity": "blake3:df0fdb833d4dfdb8a579107508521c8a5e109be2d193b03d692bfed7b2f78340", "value": null, "files": [{"asset": "blake3:a4497352272edc31e3a5383ac132eba76601713ae3eab445c34252ba1473b312", "name": "picture.png", "media": "image/png", "bytes": 931, "identity": "blake3:df0fdb833d4dfdb8a579107508521c8a5e109be2d193b03d692bfed7b2f78340"}], "problem": null}}','{"run": "b4892d0661a44ca09cb190ef89082434", "time": "2026-11-28T01:25:04+00:00", "seconds": 5.186, "musegraph": "0.1.0", "python": "3.11.7", "profile": "cpu,pillow=13.0.0,torch=2.13.0+cpu", "models": {}, "steps": {"fill": {"status": "done", "type": "image.color", "version": "1", "key": "blake3:020d8d760e1e4404a7936909e021268779c70479dd6ecba259747dec06789f9e", "profile": "", "inputs": {"color": "json:\"#808080\"", "count": "json:1", "height": "json:8", "width": "json:8"}, "values": {"width": 8, "height": 8, "color": "#808080", "count": 1}, "seconds": 5.1767, "memory": 209379328, "bytes": 832, "calls": 1, "outputs": {"out": "blake3:df0fdb833d4dfdb8a579107508521c8a5e109be2d193b03d692bfed7b2f78340"}}}}',NULL);
INSERT INTO "runs" VALUES(3,'5dbfa0bb4f014e34aeb69757702065cc',NULL,'','','{"musegraph":1,"inputs":{},"outputs":{},"nodes":{"no":{"type":"troublesome.refuse","values":{"a":1}}}}','[]',1,'failed',0,3.0,1,NULL,'main',1.79582910444653320314e+09,1.79582910444870662691e+09,1.79582910445479202268e+09,'no: ValueError: this was to be expected','{}','{"run": "64e0b05c4c9c4216a3e5653409915c30", "time": "2026-11-28T01:25:04+00:00", "seconds": 0.001, "musegraph": "0.1.0", "python": "3.11.7", "profile": "cpu", "models": {}, "steps": {"no": {"status": "failed", "type": "troublesome.refuse", "version": "1", "key": "blake3:1050433bee60e7def53c987cadac11cd824f0c547da543713609be91102fedd7", "error": "ValueError: this was to be expected", "code": "failed", "outputs": {}}}}',NULL);
INSERT INTO "runs" VALUES(4,'3519e1e777864971a7cf1c5a474f44d3','mine','blake3:bdcccce8d477f714181a87f0c247be8a8b3d5601874114ed954159be912ad5c1','','{"musegraph":1,"inputs":{"a":{"to":["one.a"],"default":2}},"outputs":{"sum":"two.out"},"nodes":{"one":{"type":"troublesome.add","values":{"b":3}},"two":{"type":"troublesome.add","values":{"b":1},"links":{"a":"one.out"}}}}','[]',2,'queued',3,4.0,0,NULL,NULL,1.79582910456338024139e+09,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "runs" VALUES(5,'ad168a586d98418ca3d643b4eced11c6',NULL,'','','{"musegraph":1,"inputs":{"a":{"to":["one.a"],"default":1}},"outputs":{"sum":"two.out"},"nodes":{"one":{"type":"troublesome.add","values":{"b":3}},"two":{"type":"troublesome.add","values":{"b":1},"links":{"a":"one.out"}}}}','[]',2,'cancelled',0,5.0,0,NULL,NULL,1.79582910458088278768e+09,NULL,1.79582910460020327573e+09,NULL,NULL,NULL,NULL);
INSERT INTO "runs" VALUES(6,'8ed15d33728040b6981f77dffd24a244',NULL,'','running','{"musegraph":1,"inputs":{"a":{"to":["one.a"],"default":4}},"outputs":{"sum":"two.out"},"nodes":{"one":{"type":"troublesome.add","values":{"b":3}},"two":{"type":"troublesome.add","values":{"b":1},"links":{"a":"one.out"}}}}','[]',2,'running',0,6.0,1,'x','main',1.79582910461334562305e+09,1.79582910461334562305e+09,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE settings (name text primary key, value text not null) without rowid;
INSERT INTO "settings" VALUES('paused','true');
INSERT INTO "settings" VALUES('preference theme','"dark"');
CREATE TABLE versions (
      workflow text not null references workflows(id) on delete cascade,
      number integer not null,
      text text not null,
      saved real not null,
      primary key (workflow, number)
    ) without rowid;
INSERT INTO "versions" VALUES('337191d75472442fab769087e6630032',1,'{
  "inputs": {
    "a": {
      "default": 2,
      "to": ["one.a"]
    }
  },
  "musegraph": 1,
  "nodes": {
    "one": {
      "type": "troublesome.add",
      "values": {
        "b": 3
      }
    },
    "two": {
      "links": {
        "a": "one.out"
      },
      "type": "troublesome.add",
      "values": {
        "b": 1
      }
    }
  },
  "outputs": {
    "sum": "two.out"
  }
}
',1.79582910449128890038e+09);
INSERT INTO "versions" VALUES('76c36c47b43a472eadaced11b10f0cf7',1,'{
  "inputs": {
    "a": {
      "default": 2,
      "to": ["one.a"]
    }
  },
  "musegraph": 1,
  "nodes": {
    "one": {
      "type": "troublesome.add",
      "values": {
        "b": 3
      }
    },
    "two": {
      "links": {
        "a": "one.out"
      },
      "type": "troublesome.add",
      "values": {
        "b": 1
      }
    }
  },
  "outputs": {
    "sum": "two.out"
  }
}
',1.79582910451544523235e+09);
INSERT INTO "versions" VALUES('76c36c47b43a472eadaced11b10f0cf7',2,'{
  "inputs": {
    "a": {
      "default": 2,
      "to": ["one.a"]
    }
  },
  "musegraph": 1,
  "nodes": {
    "one": {
      "type": "troublesome.add",
      "values": {
        "b": 4
      }
    },
    "two": {
      "links": {
        "a": "one.out"
      },
      "type": "troublesome.add",
      "values": {
        "b": 1
      }
    }
  },
  "outputs": {
    "sum": "two.out"
  }
}
',1.79582910452064776424e+09);
CREATE TABLE workflows (
      id text primary key,
      name text not null,
      created real not null,
      changed real not null,
      deleted real
    );
INSERT INTO "workflows" VALUES('337191d75472442fab769087e6630032','Meine Summe ✓',1.79582910449128890038e+09,1.79582910449128890038e+09,NULL);
INSERT INTO "workflows" VALUES('76c36c47b43a472eadaced11b10f0cf7','old',1.79582910451544523235e+09,1.79582910452064776424e+09,1.79582910453220534322e+09);
CREATE INDEX runs_by_place on runs (state, priority desc, place);
CREATE INDEX runs_by_end on runs (finished desc) where finished is not null;
CREATE UNIQUE INDEX workflows_by_name on workflows (name) where deleted is null;
COMMIT;
pragma user_version=2;
