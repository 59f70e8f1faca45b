BEGIN TRANSACTION;
CREATE TABLE assets (
      digest text primary key,
      name text not null,
      media text not null,
      bytes integer not null,
      made real not null,
      run text references runs(id) on delete set null
    );
INSERT INTO "assets" VALUES('blake3:9226eaf6b227558edab88bdc409a746ac4f2b2e5dcccc8feb57753d34c3da937','picture.png','image/png',931,1.79582427373965215679e+09,'ba13cf5e0bd34af6b495614b0efd2189');
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
    );
INSERT INTO "runs" VALUES(1,'598bb2ef885e4f5eb6049191f84be106',NULL,'','a sum','{"musegraph":1,"inputs":{"a":{"to":["one.a"],"default":10}},"outputs":{"sum":"two.out"},"nodes":{"one":{"type":"troublesome.add","values":{"b":3}},"two":{"type":"troublesome.add","values":{"b":1},"links":{"a":"one.out"}}}}','[]',2,'done',0,1.0,1,NULL,'main',1.79582427137339448921e+09,1.7958242713757703304e+09,1795824271.79033,NULL,'{"sum": {"identity": "json:14", "value": 14.0, "files": [], "problem": null}}','{"run": "f34cfe482fd14777a84b071f7a9b56aa", "time": "2026-11-28T00:04:31+00:00", "seconds": 0.014, "musegraph": "0.1.0", "python": "3.11.7", "profile": "cpu", "models": {}, "steps": {"one": {"status": "done", "type": "troublesome.add", "version": "1", "key": "blake3:7c751649abbfab46920d8dcb426160fd568924a6b36dec6a3c2c5b36c308051f", "profile": "", "inputs": {"a": "json:10", "b": "json:3"}, "values": {"a": 10.0, "b": 3.0}, "seconds": 0.0023, "memory": 61440, "bytes": 4, "calls": 1, "outputs": {"out": "json:13"}}, "two": {"status": "done", "type": "troublesome.add", "version": "1", "key": "blake3:b15fc976a7dbd434685d0152ecb37772d3cc6413badec62d31102deec8d43a32", "profile": "", "inputs": {"a": "json:13", "b": "json:1"}, "values": {"b": 1.0}, "seconds": 0.0001, "outputs": {"out": "json:14"}}}}');
INSERT INTO "runs" VALUES(2,'ba13cf5e0bd34af6b495614b0efd2189',NULL,'','','{"musegraph":1,"inputs":{},"outputs":{"picture":"fill.out"},"nodes":{"fill":{"type":"image.color","values":{"width":8,"height":8}}}}','[]',1,'done',0,2.0,1,NULL,'main',1.7958242718418421745e+09,1.79582427184303927421e+09,1.79582427373965215679e+09,NULL,'{"picture": {"identity": "blake3:df0fdb833d4dfdb8a579107508521c8a5e109be2d193b03d692bfed7b2f78340", "value": null, "files": [{"asset": "blake3:9226eaf6b227558edab88bdc409a746ac4f2b2e5dcccc8feb57753d34c3da937", "name": "picture.png", "media": "image/png", "bytes": 931, "identity": "blake3:df0fdb833d4dfdb8a579107508521c8a5e109be2d193b03d692bfed7b2f78340"}], "problem": null}}','{"run": "6799742a63b842bcb2ce45a865a4eac4", "time": "2026-11-28T00:04:33+00:00", "seconds": 1.817, "musegraph": "0.1.0", "python": "3.11.7", "profile": "cpu,pillow=13.0.0,torch=2.13.0+cpu", "models": {}, "steps": {"fill": {"status": "done", "type": "image.color", "version": "1", "key": "blake3:020d8d760e1e4404a7936909e021268779c70479dd6ecba259747dec06789f9e", "profile": "", "inputs": {"color": "json:\"#808080\"", "count": "json:1", "height": "json:8", "width": "json:8"}, "values": {"width": 8, "height": 8, "color": "#808080", "count": 1}, "seconds": 1.8002, "memory": 209104896, "bytes": 832, "calls": 1, "outputs": {"out": "blake3:df0fdb833d4dfdb8a579107508521c8a5e109be2d193b03d692bfed7b2f78340"}}}}');
INSERT INTO "runs" VALUES(3,'987fdae2384b4f86994068fbc4946000',NULL,'','','{"musegraph":1,"inputs":{},"outputs":{},"nodes":{"no":{"type":"troublesome.refuse","values":{"a":1}}}}','[]',1,'failed',0,3.0,1,NULL,'main',1.7958242737527525425e+09,1.79582427376097106936e+09,1.79582427384286689758e+09,'no: ValueError: this was to be expected','{}','{"run": "4040b2c91d8f46ea8a8f1e6c03c4154c", "time": "2026-11-28T00:04:33+00:00", "seconds": 0.019, "musegraph": "0.1.0", "python": "3.11.7", "profile": "cpu", "models": {}, "steps": {"no": {"status": "failed", "type": "troublesome.refuse", "version": "1", "key": "blake3:1050433bee60e7def53c987cadac11cd824f0c547da543713609be91102fedd7", "error": "ValueError: this was to be expected", "outputs": {}}}}');
INSERT INTO "runs" VALUES(4,'19092ffffe7c49bcaf1fa0ec7158f2d9','mine','blake3:bdcccce8d477f714181a87f0c247be8a8b3d5601874114ed954159be912ad5c1','','{"musegraph":1,"inputs":{"a":{"to":["one.a"],"default":2}},"outputs":{"sum":"two.out"},"nodes":{"one":{"type":"troublesome.add","values":{"b":3}},"two":{"type":"troublesome.add","values":{"b":1},"links":{"a":"one.out"}}}}','[]',2,'queued',3,4.0,0,NULL,NULL,1.79582427389283418657e+09,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "runs" VALUES(5,'761ee6137471434fa7b713891ccbf6ae',NULL,'','','{"musegraph":1,"inputs":{"a":{"to":["one.a"],"default":1}},"outputs":{"sum":"two.out"},"nodes":{"one":{"type":"troublesome.add","values":{"b":3}},"two":{"type":"troublesome.add","values":{"b":1},"links":{"a":"one.out"}}}}','[]',2,'cancelled',0,5.0,0,NULL,NULL,1.79582427389535427097e+09,NULL,1.79582427389671850205e+09,NULL,NULL,NULL);
INSERT INTO "runs" VALUES(6,'3b475ba66002418099b0bcd44462fa64',NULL,'','running','{"musegraph":1,"inputs":{"a":{"to":["one.a"],"default":4}},"outputs":{"sum":"two.out"},"nodes":{"one":{"type":"troublesome.add","values":{"b":3}},"two":{"type":"troublesome.add","values":{"b":1},"links":{"a":"one.out"}}}}','[]',2,'running',0,6.0,1,'x','main',1.79582427389914631838e+09,1.79582427389914631838e+09,NULL,NULL,NULL,NULL);
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
INSERT INTO "versions" VALUES('80b08906fa434c28897b0fcce1dddcea',1,'{
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
',1795824273.86667);
INSERT INTO "versions" VALUES('89e49d1ceb254d6981649e31643e5eaa',1,'{
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
',1.79582427388164663321e+09);
INSERT INTO "versions" VALUES('89e49d1ceb254d6981649e31643e5eaa',2,'{
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
',1.79582427388508653639e+09);
CREATE TABLE workflows (
      id text primary key,
      name text not null,
      created real not null,
      changed real not null,
      deleted real
    );
INSERT INTO "workflows" VALUES('80b08906fa434c28897b0fcce1dddcea','Meine Summe ✓',1795824273.86667,1795824273.86667,NULL);
INSERT INTO "workflows" VALUES('89e49d1ceb254d6981649e31643e5eaa','old',1.79582427388164663321e+09,1.79582427388508653639e+09,1.79582427388713192946e+09);
CREATE INDEX runs_by_place on runs (state, priority desc, place);
CREATE INDEX runs_by_end on runs (finished desc) where finished is not null;
CREATE UNIQUE INDEX workflows_by_name on workflows (name) where deleted is null;
COMMIT;
pragma user_version=1;
