import { type ITerraformDependable, type TerraformResource, TerraformStack } from 'cdktf';
import type * as Provider from '@cdktf/provider-null/lib/provider';
import type * as Resource from '@cdktf/provider-null/lib/resource';
import { Construct } from 'constructs';
import { builtFile, PlacedFile } from './package-file';
import { lazyHcl, withReferences } from './terraform-text';

/**
 * A `null_resource` that runs one step of this package's deploy script when what the step is given changes.
 * @throws Error when @cdktf/provider-null is not installed, which only those need who declare a step
 */
export class DeployStep extends Construct implements ITerraformDependable {
  /** The `null_resource`, for `addOverride`, `lifecycle` and the like. */
  readonly resource: TerraformResource;

  /** @param input what the step reads from its environment; a change of it runs the step again */
  constructor(
    scope: Construct,
    id: string,
    step: 'apply' | 'check',
    input: Readonly<Record<string, string>>,
    after?: ITerraformDependable[],
  ) {
    super(scope, id);
    const { NullProvider, NullResource } = loadNull(this.node.path);
    this.resource = new (forHcl(NullResource, input))(this, 'Default', {
      dependsOn: after,
      triggers: { ...input },
      provisioners: [
        {
          type: 'local-exec',
          // The interpreter is Node itself and the step one argument: no shell reads anything that a person wrote.
          interpreter: ['node', '${path.module}/coder-scim/deploy-step.js'],
          command: step,
          environment: Object.fromEntries(Object.keys(input).map(key => [key, `\${self.triggers.${key}}`])),
        },
      ],
    });
    const stack = TerraformStack.of(scope);
    if (!stack.node.findAll().some(element => element instanceof NullProvider)) new NullProvider(stack, 'null');
    if (stack.node.tryFindChild('coder-scim-deploy-step') === undefined) {
      new PlacedFile(
        stack,
        'coder-scim-deploy-step',
        builtFile('provider/deploy-step.js'),
        'coder-scim/deploy-step.js',
      );
    }
  }

  get fqn(): string {
    return this.resource.fqn;
  }
}

function loadNull(path: string) {
  try {
    /* eslint-disable @typescript-eslint/no-require-imports */
    const { NullProvider } = require('@cdktf/provider-null/lib/provider') as typeof Provider;
    const { Resource: NullResource } = require('@cdktf/provider-null/lib/resource') as typeof Resource;
    /* eslint-enable @typescript-eslint/no-require-imports */
    return { NullProvider, NullResource };
  } catch (cause) {
    if ((cause as { readonly code?: unknown }).code !== 'MODULE_NOT_FOUND') throw cause;
    throw new Error(
      `${path}: is a null_resource, and @cdktf/provider-null is not installed: \`npm install @cdktf/provider-null\``,
      { cause },
    );
  }
}

/** For `cdktf synth --hcl`, whose writer takes texts as they are. */
function forHcl(NullResource: typeof Resource.Resource, input: Readonly<Record<string, string>>) {
  return class extends NullResource {
    protected override synthesizeHclAttributes(): Record<string, unknown> {
      const value = Object.fromEntries(Object.entries(input).map(([name, text]) => [name, lazyHcl(text)]));
      return { triggers: { value, isBlock: false, type: 'map', storageClassType: 'stringMap' } };
    }

    override toHclTerraform(): unknown {
      return withReferences(super.toHclTerraform());
    }
  };
}
